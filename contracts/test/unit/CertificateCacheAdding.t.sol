// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Der} from "../../src/tee/certificates/Der.sol";
import {KeyKind} from "../../src/tee/certificates/SignatureScheme.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {CertificateCacheFixture} from "./CertificateCacheFixture.sol";

/// @notice Which certificates are taken: on a path to a pinned root, named, signed and in force, and not a bit changed.
contract CertificateCacheAddingTest is CertificateCacheFixture {
    function test_path() public {
        addPath();
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
        bytes32 id = idOf("leaf");
        ICertificateCache.Entry memory entry = cache.entryOf(id);
        assertEq(entry.issuer, idOf("authority"));
        assertEq(entry.depth, 2);
        assertFalse(entry.isAuthority, "leaf");
        assertEq(entry.notAfter, 2_051_222_400);
        (KeyKind kind, bytes memory key) = cache.keyOf(id);
        assertEq(uint8(kind), uint8(KeyKind.P384));
        assertEq(key, X509.parse(der("leaf")).publicKey);
        assertEq(entry.keyHash, keccak256(abi.encode(kind, key)));
        assertEq(cache.rootOf(id), idOf("root"));
        assertEq(cache.entryOf(idOf("authority")).authoritiesBelow, 0);
        assertTrue(cache.isAdded(id), "added");
    }

    function test_pathsOfIntelsAndAmdsForm() public {
        addRoot("p256Root");
        add("p256Leaf", "p256Root");
        assertEq(cache.rootOf(idOf("p256Leaf")), idOf("p256Root"));
        addRoot("rsaRoot");
        add("rsaLeaf", "rsaRoot");
        assertEq(cache.rootOf(idOf("rsaLeaf")), idOf("rsaRoot"));
        Certificate memory leaf = X509.parse(der("rsaLeaf"));
        assertEq(
            cache.entryOf(idOf("rsaLeaf")).extensionsDigest,
            Der.digest(der("rsaLeaf"), leaf.extensionsFrom, leaf.extensionsTo)
        );
    }

    function test_rootsArePinned() public {
        bytes memory data = der("rootOfOtherKey");
        bytes32 id = idOf("rootOfOtherKey");
        vm.expectRevert(abi.encodeWithSelector(ICertificateCache.CertificateCache_RootNotPinned.selector, id));
        cache.addRoot(data, false);
        // Pinned, but not signed by itself, or no root at all.
        bytes32 authority = idOf("authority");
        vm.startPrank(owner);
        cache.pinRoot(authority);
        cache.pinRoot(id);
        vm.stopPrank();
        data = der("authority");
        vm.expectRevert(abi.encodeWithSelector(ICertificateCache.CertificateCache_IssuerMismatch.selector, authority));
        cache.addRoot(data, false);
        data = der("rootOfOtherKey");
        data[data.length - 1] ^= 0x01;
        vm.expectRevert(ICertificateCache.CertificateCache_InvalidSignature.selector);
        cache.addRoot(data, false);
    }

    function test_issuerIsKnownNamedAndSigns() public {
        expectRefusal("authority", "root", invalid("root", ICertificateCache.Status.UNKNOWN, "root"));
        addPath();
        expectRefusal(
            "leafOfOtherName",
            "authority",
            abi.encodeWithSelector(ICertificateCache.CertificateCache_IssuerMismatch.selector, idOf("authority"))
        );
        // The root has the name, but it did not sign.
        expectRefusal(
            "leafOfOtherName", "root", abi.encodeWithSelector(ICertificateCache.CertificateCache_InvalidSignature.selector)
        );
        expectRefusal(
            "leaf",
            "authority",
            abi.encodeWithSelector(ICertificateCache.CertificateCache_AlreadyAdded.selector, idOf("leaf"))
        );
    }

    /// @dev Another root of the same name has another key.
    function test_sameNameIsNotTheSameIssuer() public {
        bytes32 id = idOf("rootOfOtherKey");
        vm.prank(owner);
        cache.pinRoot(id);
        addRoot("rootOfOtherKey");
        expectRefusal(
            "authority",
            "rootOfOtherKey",
            abi.encodeWithSelector(ICertificateCache.CertificateCache_InvalidSignature.selector)
        );
    }

    function test_issuerMaySign() public {
        addPath();
        bytes memory notAllowed =
            abi.encodeWithSelector(ICertificateCache.CertificateCache_IssuerNotAllowed.selector, idOf("leaf"));
        expectRefusal("belowLeaf", "leaf", notAllowed);
        add("authorityWithoutUsage", "root");
        expectRefusal(
            "leafWithoutExtensions",
            "authorityWithoutUsage",
            abi.encodeWithSelector(
                ICertificateCache.CertificateCache_IssuerNotAllowed.selector, idOf("authorityWithoutUsage")
            )
        );
    }

    function test_pathLength() public {
        addPath();
        expectRefusal(
            "authorityBelowLimit",
            "authority",
            abi.encodeWithSelector(ICertificateCache.CertificateCache_PathTooLong.selector, idOf("authority"))
        );
    }

    function test_expiryAndFuture() public {
        addRoot("root");
        add("authority", "root");
        expectRefusal(
            "leafExpired", "authority", invalid("leafExpired", ICertificateCache.Status.EXPIRED, "leafExpired")
        );
        expectRefusal(
            "leafOfFuture", "authority", invalid("leafOfFuture", ICertificateCache.Status.NOT_YET_VALID, "leafOfFuture")
        );
        vm.warp(NOW + 180 days);
        add("leafOfFuture", "authority");
    }

    /// @dev The last second is valid, the next is not, and nothing has to be called for it.
    function test_expiryIsHonouredAtUse() public {
        addPath();
        uint64 notAfter = cache.entryOf(idOf("leaf")).notAfter;
        vm.warp(notAfter);
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
        vm.warp(notAfter + 1);
        requireStatus("leaf", ICertificateCache.Status.EXPIRED, idOf("leaf"));
        bytes32 id = idOf("leaf");
        vm.expectRevert(invalid("leaf", ICertificateCache.Status.EXPIRED, "leaf"));
        cache.keyOf(id);
        vm.expectRevert(invalid("leaf", ICertificateCache.Status.EXPIRED, "leaf"));
        cache.rootOf(id);
    }

    /// @dev n - s makes another signature of the same certificate: its id is the same, so that a revoked one stays revoked.
    function test_alteredSignatureIsTheSameCertificate() public {
        addRoot("root");
        add("authority", "root");
        bytes memory altered = withOtherS(der("leaf"));
        assertTrue(keccak256(altered) != keccak256(der("leaf")), "altered");
        bytes32 id = cache.add(altered, idOf("authority"), false);
        assertEq(id, idOf("leaf"));
        vm.prank(owner);
        cache.revoke(id);
        expectRefusal("leaf", "authority", invalid("leaf", ICertificateCache.Status.REVOKED, "leaf"));
    }

    /// @dev Whatever bit of a certificate or of its signature is changed: it is not accepted.
    /// forge-config: default.fuzz.runs = 24
    function testFuzz_changedCertificateIsRefused(uint256 bit, bool rsa) public {
        (string memory name, string memory issuer) = rsa ? ("rsaLeaf", "rsaRoot") : ("authority", "root");
        addRoot(issuer);
        bytes memory data = der(name);
        bit = bound(bit, 0, data.length * 8 - 1);
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        bytes32 id = idOf(issuer);
        vm.expectRevert();
        cache.add(data, id, false);
    }

    /// @dev The same for the small certificates of P-256, more often.
    function testFuzz_changedP256CertificateIsRefused(uint256 bit) public {
        addRoot("p256Root");
        bytes memory data = der("p256Leaf");
        bit = bound(bit, 0, data.length * 8 - 1);
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        bytes32 id = idOf("p256Root");
        vm.expectRevert();
        cache.add(data, id, false);
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_changedListIsRefused(uint256 bit) public {
        addPath();
        bytes memory data = der("listOfLeaf");
        bit = bound(bit, 0, data.length * 8 - 1);
        data[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        bytes32 id = idOf("authority");
        vm.expectRevert();
        cache.addRevocations(data, id, false, 10);
        assertTrue(cache.isValid(idOf("leaf")), "not revoked");
    }
}
