// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {CertificateCache} from "../../src/tee/certificates/CertificateCache.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {SignatureVerifier} from "../../src/tee/crypto/SignatureVerifier.sol";
import {IntelCollateral} from "../../src/tee/intel/IntelCollateral.sol";
import {TdxQuoteVerifier} from "../../src/tee/intel/TdxQuoteVerifier.sol";
import {Base} from "./Base.sol";

contract GuardianStub {
    address public immutable guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @title IntelFixture
/// @notice A development Intel (protocol/vectors/attestation-tdx.json) in the contracts: certificates and revocation lists
///         are in the cache, statements are not yet.
abstract contract IntelFixture is Base {
    address internal immutable owner = account("owner");
    address internal immutable guardian = account("guardian");

    string internal json;
    uint256 internal present;
    CertificateCache internal cache;
    IntelCollateral internal collateral;
    TdxQuoteVerifier internal verifier;
    bytes32 internal root;
    bytes32 internal pckCa;
    bytes32 internal pck;
    bytes32 internal signer;

    function setUp() public virtual {
        json = vm.readFile("./protocol/vectors/attestation-tdx.json");
        present = vm.parseJsonUint(json, ".now");
        vm.warp(present);
        ISystemConfig config = ISystemConfig(address(new GuardianStub(guardian)));
        bytes32[] memory roots = new bytes32[](2);
        (roots[0], roots[1]) = (_id(_read(".root")), _id(_read(".foreignRoot")));
        cache = new CertificateCache(owner, config, new SignatureVerifier(), roots);
        root = cache.addRoot(_read(".root"), false);
        pckCa = cache.add(_read(".pckCa"), root, false);
        signer = cache.add(_read(".tcbSigner"), root, false);
        pck = cache.add(_read(".pck"), pckCa, false);
        cache.addRevocations(_read(".rootCrl"), root, false, 10);
        cache.addRevocations(_read(".pckCrl"), pckCa, false, 10);
        collateral = new IntelCollateral(owner, config, cache, cache.entryOf(root).keyHash, 19);
        verifier = new TdxQuoteVerifier(collateral);
    }

    function _read(string memory path) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, path);
    }

    function _quote(string memory name) internal view returns (bytes memory) {
        return _read(string.concat(".quotes.", name));
    }

    function _tcbInfo(string memory name) internal view returns (bytes memory text, bytes memory signature) {
        return _statement(string.concat(".tcbInfos.", name));
    }

    function _qeIdentity(string memory name) internal view returns (bytes memory text, bytes memory signature) {
        return _statement(string.concat(".qeIdentities.", name));
    }

    function _statement(string memory path) private view returns (bytes memory text, bytes memory signature) {
        return (_read(string.concat(path, ".json")), _read(string.concat(path, ".signature")));
    }

    function _recordTcbInfo(string memory name) internal {
        (bytes memory text, bytes memory signature) = _tcbInfo(name);
        collateral.recordTcbInfo(text, signature, signer, _read(".signerName"));
    }

    function _recordQeIdentity(string memory name) internal {
        (bytes memory text, bytes memory signature) = _qeIdentity(name);
        collateral.recordQeIdentity(text, signature, signer, _read(".signerName"));
    }

    function _flip(bytes memory data, uint256 bit) internal pure {
        data[bit >> 3] ^= bytes1(uint8(1 << (bit & 7)));
    }

    function _id(bytes memory der) internal pure returns (bytes32) {
        Certificate memory certificate = X509.parse(der);
        bytes memory signed = new bytes(certificate.signedTo - certificate.signedFrom);
        for (uint256 i = 0; i < signed.length; ++i) {
            signed[i] = der[certificate.signedFrom + i];
        }
        return keccak256(signed);
    }
}
