// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {INvidiaReportVerifier} from "../../src/tee/interfaces/INvidiaReportVerifier.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";

/// @title TeeVerifierDouble
/// @notice Stands for a vendor's verifier where the registry is under test: evidence is the encoded report itself. It can be
///         told that evidence is no longer genuine, or judged otherwise, as collateral and certificates do to the real one.
contract TeeVerifierDouble is ITeeVerifier {
    error TeeVerifierDouble_NotGenuine();

    bool public refuses;
    uint8 public worsens;
    uint256 public spends;

    function refuse(bool refuses_) external {
        refuses = refuses_;
    }

    /// @notice Every TCB has this status from now on.
    function worsen(uint8 tcbStatus) external {
        worsens = tcbStatus;
    }

    /// @notice Verifying takes at least so much gas from now on.
    function spend(uint256 gas) external {
        spends = gas;
    }

    function verify(bytes calldata evidence) external view returns (Report memory report) {
        uint256 left = gasleft();
        for (uint256 wanted = spends; left - gasleft() < wanted;) {}
        require(!refuses, TeeVerifierDouble_NotGenuine());
        report = abi.decode(evidence, (Report));
        if (worsens != 0) report.tcbStatus = worsens;
    }
}

/// @title GpuVerifierDouble
/// @notice The same for GPUs.
contract GpuVerifierDouble is INvidiaReportVerifier {
    function verify(bytes calldata evidence) external pure returns (GpuReport memory) {
        return abi.decode(evidence, (GpuReport));
    }
}

/// @title CertificatesDouble
/// @notice What the registry asks of the certificate cache: whether a certificate is valid, and when it and those above it
///         end.
contract CertificatesDouble {
    struct Place {
        uint64 notAfter;
        bytes32 issuer;
    }

    mapping(bytes32 id => bool) public isRevoked;
    mapping(bytes32 id => Place) public places;

    function revoke(bytes32 id) external {
        isRevoked[id] = true;
    }

    function place(bytes32 id, uint64 notAfter, bytes32 issuer) external {
        places[id] = Place(notAfter, issuer);
    }

    function isValid(bytes32 id) external view returns (bool) {
        return !isRevoked[id];
    }

    function entryOf(bytes32 id) external view returns (ICertificateCache.Entry memory entry) {
        Place memory found = places[id];
        entry.notAfter = found.notAfter == 0 ? type(uint64).max : found.notAfter;
        entry.issuer = found.issuer;
    }
}
