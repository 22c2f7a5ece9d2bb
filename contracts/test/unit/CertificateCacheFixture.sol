// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {CertificateCache} from "../../src/tee/certificates/CertificateCache.sol";
import {Der} from "../../src/tee/certificates/Der.sol";
import {KeyKind, SignatureScheme} from "../../src/tee/certificates/SignatureScheme.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {SignatureVerifier} from "../../src/tee/crypto/SignatureVerifier.sol";
import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {Base} from "./Base.sol";

/// @title CertificateCacheFixture
/// @notice A cache under a guardian, and the certificates and lists of `protocol/vectors/attestation-certificates.json`.
abstract contract CertificateCacheFixture is Base {
    uint256 internal constant NOW = 1_767_225_600; // 2026-01-01

    CertificateCache internal cache;
    SignatureVerifier internal verifier;
    string internal json;
    address internal owner = account("owner");
    address internal guardian = account("guardian");
    ISystemConfig internal systemConfig = ISystemConfig(account("system config"));

    function setUp() public {
        vm.warp(NOW);
        json = vm.readFile("./protocol/vectors/attestation-certificates.json");
        vm.mockCall(address(systemConfig), abi.encodeCall(ISystemConfig.guardian, ()), abi.encode(guardian));
        verifier = new SignatureVerifier();
        bytes32[] memory roots = new bytes32[](3);
        (roots[0], roots[1], roots[2]) = (idOf("root"), idOf("p256Root"), idOf("rsaRoot"));
        cache = new CertificateCache(owner, systemConfig, verifier, roots);
    }

    function der(string memory name) internal view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".", name));
    }

    function idOf(string memory name) internal view returns (bytes32) {
        bytes memory data = der(name);
        Certificate memory certificate = X509.parse(data);
        return Der.digest(data, certificate.signedFrom, certificate.signedTo);
    }

    function addRoot(string memory name) internal returns (bytes32) {
        return cache.addRoot(der(name), false);
    }

    function add(string memory name, string memory issuer) internal returns (bytes32) {
        return cache.add(der(name), idOf(issuer), false);
    }

    /// @dev Root, authority and leaf of P-384.
    function addPath() internal {
        addRoot("root");
        add("authority", "root");
        add("leaf", "authority");
    }

    function expectRefusal(string memory name, string memory issuer, bytes memory reason) internal {
        bytes memory data = der(name);
        bytes32 id = idOf(issuer);
        vm.expectRevert(reason);
        cache.add(data, id, false);
    }

    function requireStatus(string memory name, ICertificateCache.Status wanted, bytes32 culprit) internal view {
        (ICertificateCache.Status status, bytes32 found) = cache.statusOf(idOf(name));
        assertEq(uint8(status), uint8(wanted));
        assertEq(found, culprit);
        assertTrue(cache.isValid(idOf(name)) == (wanted == ICertificateCache.Status.VALID), "isValid agrees");
    }

    function invalid(string memory name, ICertificateCache.Status status, string memory culprit)
        internal
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICertificateCache.CertificateCache_InvalidCertificate.selector, idOf(name), status, idOf(culprit)
        );
    }

    /// @dev The same signed part and algorithm with (r, n - s), encoded anew.
    function withOtherS(bytes memory data) internal pure returns (bytes memory) {
        (uint256 from, uint256 end) = Der.expect(data, 0, data.length, Der.SEQUENCE);
        (, uint256 signedEnd) = Der.expect(data, from, end, Der.SEQUENCE);
        (, uint256 algorithmEnd) = Der.expect(data, signedEnd, end, Der.SEQUENCE);
        (uint256 content,) = Der.wholeBits(data, algorithmEnd, end);
        bytes memory signature = SignatureScheme.signature(KeyKind.P384, data, content, end);
        bytes memory body = bytes.concat(integer(signature, 0, false), integer(signature, 48, true));
        body = element(0x03, bytes.concat(hex"00", element(0x30, body)));
        return element(0x30, bytes.concat(Der.slice(data, from, algorithmEnd), body));
    }

    function element(bytes1 tag, bytes memory content) internal pure returns (bytes memory) {
        uint256 size = content.length;
        if (size < 128) return bytes.concat(tag, bytes1(uint8(size)), content);
        if (size < 256) return bytes.concat(tag, hex"81", bytes1(uint8(size)), content);
        return bytes.concat(tag, hex"82", bytes2(uint16(size)), content);
    }

    /// @dev 48 bytes of `data` as an INTEGER, or n less them.
    function integer(bytes memory data, uint256 offset, bool negate) internal pure returns (bytes memory) {
        bytes memory n =
            hex"ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";
        bytes memory value = new bytes(49);
        int256 borrow = 0;
        for (uint256 i = 48; i > 0; --i) {
            int256 digit = int256(uint256(uint8(data[offset + i - 1])));
            if (negate) {
                digit = int256(uint256(uint8(n[i - 1]))) - digit + borrow;
                borrow = digit < 0 ? int256(-1) : int256(0);
            }
            value[i] = bytes1(uint8(uint256(digit & 0xff)));
        }
        uint256 from = 0;
        while (from < 48 && value[from] == 0 && value[from + 1] < 0x80) ++from;
        return element(0x02, Der.slice(value, from, 49));
    }
}
