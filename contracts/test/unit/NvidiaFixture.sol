// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {CertificateCache} from "../../src/tee/certificates/CertificateCache.sol";
import {KeyKind} from "../../src/tee/certificates/SignatureScheme.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {SignatureVerifier} from "../../src/tee/crypto/SignatureVerifier.sol";
import {INvidiaReportVerifier} from "../../src/tee/interfaces/INvidiaReportVerifier.sol";
import {ISignatureVerifier} from "../../src/tee/interfaces/ISignatureVerifier.sol";
import {NvidiaReportVerifier} from "../../src/tee/nvidia/NvidiaReportVerifier.sol";
import {Base} from "./Base.sol";

contract SystemConfigStub {
    address public immutable guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @notice Takes every signature: certificates' are tested elsewhere (`CertificateCacheAdding.t.sol`), and cost the time of
///         most tests here.
contract DangerouslyTrustingSignatures is ISignatureVerifier {
    /// @inheritdoc ISignatureVerifier
    function verify(KeyKind, bytes calldata, bytes calldata, bytes calldata, bool) external pure returns (bool) {
        return true;
    }
}

/// @title NvidiaFixture
/// @notice A development NVIDIA (protocol/vectors/attestation-nvidia.json) in the contracts: the chain of one GPU, and one
///         under another root that is pinned too. The cache takes their certificates unseen; the verifier does not so with
///         reports.
abstract contract NvidiaFixture is Base {
    address internal immutable owner = account("owner");
    address internal immutable guardian = account("guardian");

    /// @dev Authorities of a chain: root, architecture, provisioner, boot ROM.
    uint256 internal constant AUTHORITIES = 4;
    uint256 internal constant ROOT = 0;
    uint256 internal constant PROVISIONER = 2;
    uint256 internal constant BOOT_ROM = 3;

    string internal json;
    uint256 internal present;
    CertificateCache internal cache;
    NvidiaReportVerifier internal verifier;
    bytes32[] internal authorities;
    bytes32 internal leaf;

    function setUp() public virtual {
        json = vm.readFile("./protocol/vectors/attestation-nvidia.json");
        present = vm.parseJsonUint(json, ".now");
        vm.warp(present);
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (_id(_authority("authorities", ROOT)), _id(_authority("foreignAuthorities", ROOT)));
        ISystemConfig config = ISystemConfig(address(new SystemConfigStub(guardian)));
        cache = new CertificateCache(owner, config, new DangerouslyTrustingSignatures(), roots);
        authorities = _addAuthorities("authorities");
        leaf = cache.add(_read(".leaf"), authorities[BOOT_ROM], false);
        verifier = new NvidiaReportVerifier(cache, new SignatureVerifier(), authorities[ROOT]);
    }

    /// @dev Root first.
    function _addAuthorities(string memory name) internal returns (bytes32[] memory ids) {
        ids = new bytes32[](AUTHORITIES);
        ids[ROOT] = cache.addRoot(_authority(name, ROOT), false);
        for (uint256 i = 1; i < AUTHORITIES; ++i) {
            ids[i] = cache.add(_authority(name, i), ids[i - 1], false);
        }
    }

    function _verify(string memory report) internal view returns (INvidiaReportVerifier.GpuReport memory) {
        return verifier.verify(_envelope("plain", report));
    }

    /// @dev The development GPU's leaf, with the golden measurements and the report of these names.
    function _envelope(string memory golden, string memory report) internal view returns (bytes memory) {
        return _seal(_golden(golden), false, _report(report), _read(".leaf"));
    }

    function _seal(bytes memory golden, bool oddFirst, bytes memory report, bytes memory certificate)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            uint24(golden.length), golden, oddFirst ? bytes1(0x01) : bytes1(0x00), uint24(report.length), report, certificate
        );
    }

    function _golden(string memory name) internal view returns (bytes memory) {
        return _read(string.concat(".goldens.", name));
    }

    function _report(string memory name) internal view returns (bytes memory) {
        return _read(string.concat(".reports.", name));
    }

    function _authority(string memory chain, uint256 i) internal view returns (bytes memory) {
        return _read(string.concat(".", chain, "[", vm.toString(i), "]"));
    }

    function _read(string memory path) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, path);
    }

    function _flip(bytes memory data, uint256 bit) internal pure {
        data[bit >> 3] ^= bytes1(uint8(1 << (bit & 7)));
    }

    function _slice(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = start; i < end; ++i) {
            part[i - start] = data[i];
        }
    }

    function _id(bytes memory der) internal pure returns (bytes32) {
        Certificate memory certificate = X509.parse(der);
        return keccak256(_slice(der, certificate.signedFrom, certificate.signedTo));
    }
}
