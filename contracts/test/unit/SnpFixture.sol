// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {SnpReportVerifier} from "../../src/tee/amd/SnpReportVerifier.sol";
import {AmdProduct} from "../../src/tee/amd/SnpTcb.sol";
import {CertificateCache} from "../../src/tee/certificates/CertificateCache.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {SignatureVerifier} from "../../src/tee/crypto/SignatureVerifier.sol";
import {ISnpTcbPolicy} from "../../src/tee/interfaces/ISnpTcbPolicy.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {Base} from "./Base.sol";

/// @notice Names a guardian, as the system's configuration does.
contract SnpGuardian {
    address public immutable guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @notice Anyone may set the minimum.
contract OpenTcbPolicy is ISnpTcbPolicy {
    mapping(AmdProduct product => uint40) public minimumTcb;

    function setMinimum(AmdProduct product, uint40 tcb) external {
        minimumTcb[product] = tcb;
    }
}

/// @notice A certificate of the vectors; a root's issuer has no name.
struct NamedCertificate {
    string name;
    string issuer;
    bytes der;
}

/// @notice A report of the vectors, and what the verifier off-chain answers to it.
/// @param leaf Name of the certificate beside it.
/// @param sealed_ The envelope without that certificate.
/// @param code Why it is refused; empty where it is genuine, as the fields after it say.
struct SnpSample {
    string name;
    string leaf;
    bytes sealed_;
    string code;
    uint8 tcbStatus;
    bytes32 advisories;
    bytes32 measurement;
    bytes32 platformId;
    bytes reportData;
}

/// @title SnpFixture
/// @notice A development AMD (protocol/vectors/attestation-snp.json) in the contracts: roots are pinned, Milan's too, and
///         certificates are added when they are first asked for.
/// @dev The vectors are put where code stands, which is cheaper to read than storage.
abstract contract SnpFixture is Base {
    address internal immutable owner = account("owner");
    address internal immutable guardian = account("guardian");

    uint256 internal present;
    uint256 internal sampleCount;
    bytes internal genoaList;
    bytes internal genoaListOfAsk;
    CertificateCache internal cache;
    OpenTcbPolicy internal policy;
    SnpReportVerifier internal verifier;

    mapping(string name => bytes32) private _ids;

    function setUp() public virtual {
        string memory json = vm.readFile("./protocol/vectors/attestation-snp.json");
        _place(json);
        present = vm.parseJsonUint(json, ".now");
        genoaList = vm.parseJsonBytes(json, ".genoaList");
        genoaListOfAsk = vm.parseJsonBytes(json, ".genoaListOfAsk");
        vm.warp(present);
        bytes32[] memory roots = new bytes32[](3);
        (roots[0], roots[1], roots[2]) = (_id("genoaArk"), _id("turinArk"), _id("milanArk"));
        SignatureVerifier signatures = new SignatureVerifier();
        cache = new CertificateCache(owner, ISystemConfig(address(new SnpGuardian(guardian))), signatures, roots);
        policy = new OpenTcbPolicy();
        policy.setMinimum(AmdProduct.GENOA, uint40(vm.parseJsonUint(json, ".minimumTcb.genoa")));
        policy.setMinimum(AmdProduct.TURIN, uint40(vm.parseJsonUint(json, ".minimumTcb.turin")));
        verifier = new SnpReportVerifier(cache, signatures, policy, roots[0], roots[1]);
    }

    function _place(string memory json) private {
        NamedCertificate[] memory certificates =
            abi.decode(vm.parseJsonBytes(json, ".certificates"), (NamedCertificate[]));
        for (uint256 i = 0; i < certificates.length; ++i) {
            vm.etch(account(certificates[i].name), abi.encode(certificates[i]));
        }
        SnpSample[] memory samples = abi.decode(vm.parseJsonBytes(json, ".samples"), (SnpSample[]));
        sampleCount = samples.length;
        for (uint256 i = 0; i < samples.length; ++i) {
            vm.etch(_placeOf(i), abi.encode(samples[i]));
            vm.etch(account(string.concat("sample ", samples[i].name)), abi.encode(samples[i]));
        }
    }

    function _placeOf(uint256 index) private pure returns (address) {
        return account(string.concat("sample ", vm.toString(index)));
    }

    function _certificate(string memory name) private view returns (NamedCertificate memory) {
        return abi.decode(account(name).code, (NamedCertificate));
    }

    function _sampleAt(uint256 index) internal view returns (SnpSample memory) {
        return abi.decode(_placeOf(index).code, (SnpSample));
    }

    function _sample(string memory name) internal view returns (SnpSample memory) {
        return abi.decode(account(string.concat("sample ", name)).code, (SnpSample));
    }

    /// @dev A certificate by its name.
    function _der(string memory name) internal view returns (bytes memory) {
        return _certificate(name).der;
    }

    /// @dev Its id, whether it stands in the cache or not.
    function _id(string memory name) internal view returns (bytes32) {
        bytes memory der = _der(name);
        Certificate memory certificate = X509.parse(der);
        return keccak256(_slice(der, certificate.signedFrom, certificate.signedTo));
    }

    /// @dev Adds it, and all above it, where they do not stand in the cache yet.
    function _added(string memory name) internal returns (bytes32 id) {
        id = _ids[name];
        if (id != 0) return id;
        NamedCertificate memory certificate = _certificate(name);
        id = bytes(certificate.issuer).length == 0
            ? cache.addRoot(certificate.der, false)
            : cache.add(certificate.der, _added(certificate.issuer), false);
        _ids[name] = id;
    }

    /// @dev Evidence of a sample, whose leaf stands in the cache then.
    function _evidenceOf(SnpSample memory sample) internal returns (bytes memory) {
        _added(sample.leaf);
        return bytes.concat(sample.sealed_, _der(sample.leaf));
    }

    function _evidence(string memory name) internal returns (bytes memory) {
        return _evidenceOf(_sample(name));
    }

    function _verified(string memory name) internal returns (ITeeVerifier.Report memory) {
        return verifier.verify(_evidence(name));
    }

    function _flip(bytes memory data, uint256 bit) internal pure {
        data[bit >> 3] ^= bytes1(uint8(1 << (bit & 7)));
    }

    function _slice(bytes memory data, uint256 start, uint256 end) internal pure returns (bytes memory part) {
        part = new bytes(end - start);
        for (uint256 i = 0; i < part.length; ++i) {
            part[i] = data[start + i];
        }
    }
}
