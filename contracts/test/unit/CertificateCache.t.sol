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

contract CertificateCacheTest is Base {
    uint256 private constant NOW = 1_767_225_600; // 2026-01-01

    CertificateCache private cache;
    SignatureVerifier private verifier;
    string private json;
    address private owner = account("owner");
    address private guardian = account("guardian");
    ISystemConfig private systemConfig = ISystemConfig(account("system config"));

    function setUp() public {
        vm.warp(NOW);
        json = vm.readFile("./protocol/vectors/attestation-certificates.json");
        vm.mockCall(address(systemConfig), abi.encodeCall(ISystemConfig.guardian, ()), abi.encode(guardian));
        verifier = new SignatureVerifier();
        bytes32[] memory roots = new bytes32[](3);
        (roots[0], roots[1], roots[2]) = (idOf("root"), idOf("p256Root"), idOf("rsaRoot"));
        cache = new CertificateCache(owner, systemConfig, verifier, roots);
    }

    function der(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".", name));
    }

    function idOf(string memory name) private view returns (bytes32) {
        bytes memory data = der(name);
        Certificate memory certificate = X509.parse(data);
        return Der.digest(data, certificate.signedFrom, certificate.signedTo);
    }

    function addRoot(string memory name) private returns (bytes32) {
        return cache.addRoot(der(name), false);
    }

    function add(string memory name, string memory issuer) private returns (bytes32) {
        return cache.add(der(name), idOf(issuer), false);
    }

    /// @dev Root, authority and leaf of P-384.
    function addPath() private {
        addRoot("root");
        add("authority", "root");
        add("leaf", "authority");
    }

    function expectRefusal(string memory name, string memory issuer, bytes memory reason) private {
        bytes memory data = der(name);
        bytes32 id = idOf(issuer);
        vm.expectRevert(reason);
        cache.add(data, id, false);
    }

    function requireStatus(string memory name, ICertificateCache.Status wanted, bytes32 culprit) private view {
        (ICertificateCache.Status status, bytes32 found) = cache.statusOf(idOf(name));
        assertEq(uint8(status), uint8(wanted));
        assertEq(found, culprit);
        assertTrue(cache.isValid(idOf(name)) == (wanted == ICertificateCache.Status.VALID), "isValid agrees");
    }

    function invalid(string memory name, ICertificateCache.Status status, string memory culprit)
        private
        view
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            ICertificateCache.CertificateCache_InvalidCertificate.selector, idOf(name), status, idOf(culprit)
        );
    }

    // ---- Adding

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

    // ---- Revocation by governance

    function test_revocationEndsAllBelowAtOnce() public {
        addPath();
        bytes32 authority = idOf("authority");
        vm.prank(guardian);
        cache.revoke(authority);
        requireStatus("leaf", ICertificateCache.Status.REVOKED, authority);
        requireStatus("root", ICertificateCache.Status.VALID, 0);
        expectRefusal(
            "leafWithoutExtensions", "authority", invalid("authority", ICertificateCache.Status.REVOKED, "authority")
        );
        // It cannot be added again, either.
        expectRefusal("authority", "root", invalid("authority", ICertificateCache.Status.REVOKED, "authority"));
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", guardian));
        cache.reinstate(authority);
        vm.prank(owner);
        cache.reinstate(authority);
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
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

    function test_keyRevocationEndsEveryCertificateOfIt() public {
        addPath();
        add("authorityRenewed", "root");
        bytes32 key = cache.entryOf(idOf("authority")).keyHash;
        vm.prank(guardian);
        cache.revokeKey(key);
        requireStatus("leaf", ICertificateCache.Status.REVOKED, idOf("authority"));
        requireStatus("authorityRenewed", ICertificateCache.Status.REVOKED, idOf("authorityRenewed"));
        vm.prank(owner);
        cache.reinstateKey(key);
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
    }

    function test_unpinnedRootEndsAllBelow() public {
        addPath();
        bytes32 root = idOf("root");
        vm.prank(guardian);
        cache.unpinRoot(root);
        requireStatus("leaf", ICertificateCache.Status.ROOT_NOT_PINNED, root);
        // A root does not become anyone's subject by being added under itself.
        expectRefusal("root", "root", invalid("root", ICertificateCache.Status.ROOT_NOT_PINNED, "root"));
    }

    function test_strangersGovernNothing(address stranger) public {
        vm.assume(stranger != owner && stranger != guardian);
        bytes32 id = idOf("root");
        bytes memory unauthorized =
            abi.encodeWithSelector(ICertificateCache.CertificateCache_Unauthorized.selector, stranger);
        bytes memory notOwner = abi.encodeWithSignature("OwnableUnauthorizedAccount(address)", stranger);
        vm.startPrank(stranger);
        vm.expectRevert(unauthorized);
        cache.revoke(id);
        vm.expectRevert(unauthorized);
        cache.revokeKey(id);
        vm.expectRevert(unauthorized);
        cache.unpinRoot(id);
        vm.expectRevert(notOwner);
        cache.pinRoot(id);
        vm.expectRevert(notOwner);
        cache.reinstate(id);
        vm.expectRevert(notOwner);
        cache.reinstateKey(id);
        vm.stopPrank();
    }

    /// @dev The old certificate of the authority is revoked: the leaf is added again under the new one, at the same place.
    function test_leafUnderARenewedIssuer() public {
        addPath();
        add("authorityRenewed", "root");
        bytes32 old = idOf("authority");
        vm.prank(owner);
        cache.revoke(old);
        assertFalse(cache.isValid(idOf("leaf")), "revoked issuer");
        add("leaf", "authorityRenewed");
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
        assertEq(cache.entryOf(idOf("leaf")).issuer, idOf("authorityRenewed"));
    }

    // ---- Revocation by lists

    function test_listRevokes() public {
        addPath();
        bytes32 authority = idOf("authority");
        assertTrue(cache.addRevocations(der("listOfLeaf"), authority, false, 10), "complete");
        requireStatus("leaf", ICertificateCache.Status.REVOKED, idOf("leaf"));
        assertEq(cache.revocationsOf(authority).nextUpdate, 1_769_904_000);
        // Governance cannot undo what the issuer said.
        bytes32 id = idOf("leaf");
        vm.prank(owner);
        cache.reinstate(id);
        assertFalse(cache.isValid(id), "still revoked");
        bytes memory list = der("listOfLeaf");
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateCache.CertificateCache_RevocationsKnown.selector, 1_764_547_200)
        );
        cache.addRevocations(list, authority, false, 10);
    }

    function test_listBeforeTheCertificate() public {
        addRoot("root");
        add("authority", "root");
        cache.addRevocations(der("listOfLeaf"), idOf("authority"), false, 10);
        expectRefusal("leaf", "authority", invalid("leaf", ICertificateCache.Status.REVOKED, "leaf"));
        // The authority's other certificate is the same authority.
        add("authorityRenewed", "root");
        expectRefusal("leaf", "authorityRenewed", invalid("leaf", ICertificateCache.Status.REVOKED, "leaf"));
    }

    function test_listOfRootEndsAllBelow() public {
        addPath();
        cache.addRevocations(der("listOfAuthority"), idOf("root"), false, 1);
        requireStatus("leaf", ICertificateCache.Status.REVOKED, idOf("authority"));
        add("authorityRenewed", "root");
        add("leaf", "authorityRenewed");
    }

    /// @dev A long list in pieces; its signature is checked by the first, and the mark of completeness set by the last.
    function test_listInPieces() public {
        addPath();
        bytes32 authority = idOf("authority");
        assertFalse(cache.addRevocations(der("listOfMany"), authority, false, 2), "two of five");
        assertEq(cache.revocationsOf(authority).thisUpdate, 0);
        requireStatus("leaf", ICertificateCache.Status.VALID, 0);
        // The rest under another signature, whose length may shift the list within its bytes.
        assertFalse(cache.addRevocations(withOtherS(der("listOfMany")), authority, false, 2), "four of five");
        assertTrue(cache.addRevocations(der("listOfMany"), authority, false, 2), "all");
        requireStatus("leaf", ICertificateCache.Status.REVOKED, idOf("leaf"));
        assertEq(cache.revocationsOf(authority).thisUpdate, 1_764_547_200);
    }

    function test_newerListReplacesTheMark() public {
        addPath();
        bytes32 authority = idOf("authority");
        cache.addRevocations(der("listNewer"), authority, false, 1);
        assertEq(cache.revocationsOf(authority).thisUpdate, 1_764_633_600);
        // An older one does not turn it back.
        bytes memory older = der("listOfLeaf");
        vm.expectRevert(
            abi.encodeWithSelector(ICertificateCache.CertificateCache_RevocationsKnown.selector, 1_764_547_200)
        );
        cache.addRevocations(older, authority, false, 1);
    }

    function expectListRefusal(string memory name, string memory issuer, bytes memory reason) private {
        bytes memory data = der(name);
        bytes32 id = idOf(issuer);
        vm.expectRevert(reason);
        cache.addRevocations(data, id, false, 10);
    }

    function test_listsThatAreRefused() public {
        addPath();
        add("authorityWithoutRevocations", "root");
        expectListRefusal(
            "listExpired",
            "authority",
            abi.encodeWithSelector(
                ICertificateCache.CertificateCache_RevocationsNotCurrent.selector, 1_764_547_200, 1_765_756_800
            )
        );
        expectListRefusal(
            "listOfFuture",
            "authority",
            abi.encodeWithSelector(
                ICertificateCache.CertificateCache_RevocationsNotCurrent.selector, 1_768_435_200, 1_769_904_000
            )
        );
        expectListRefusal(
            "listOfSilent",
            "authorityWithoutRevocations",
            abi.encodeWithSelector(
                ICertificateCache.CertificateCache_IssuerNotAllowed.selector, idOf("authorityWithoutRevocations")
            )
        );
        expectListRefusal(
            "listOfLeaf",
            "root",
            abi.encodeWithSelector(ICertificateCache.CertificateCache_IssuerMismatch.selector, idOf("root"))
        );
        bytes memory list = der("listOfLeaf");
        bytes32 authority = idOf("authority");
        vm.expectRevert(ICertificateCache.CertificateCache_NothingToRecord.selector);
        cache.addRevocations(list, authority, false, 0);
        list = der("listDelta");
        vm.expectRevert();
        cache.addRevocations(list, authority, false, 10);
        assertTrue(cache.isValid(idOf("leaf")), "nothing recorded");
    }

    // ---- Any history of governance

    /// @dev Whatever governance does in whatever order: a certificate is valid exactly if nothing at it or above it is
    ///      revoked, by id or by key, the root is pinned, and it is not expired.
    /// forge-config: default.fuzz.runs = 32
    function testFuzz_validityFollowsTheWholePath(uint256 seed) public {
        addPath();
        bytes32[3] memory ids = [idOf("root"), idOf("authority"), idOf("leaf")];
        bytes32[3] memory keys;
        bool[3] memory revoked;
        bool[3] memory keyRevoked;
        bool pinned = true;
        for (uint256 i = 0; i < 3; ++i) {
            keys[i] = cache.entryOf(ids[i]).keyHash;
        }
        vm.startPrank(owner);
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 i = (seed >> 8) % 3;
            bool on = (seed >> 16) & 1 == 1;
            if (seed % 3 == 0) {
                revoked[i] = on;
                if (on) cache.revoke(ids[i]);
                else cache.reinstate(ids[i]);
            } else if (seed % 3 == 1) {
                keyRevoked[i] = on;
                if (on) cache.revokeKey(keys[i]);
                else cache.reinstateKey(keys[i]);
            } else {
                pinned = on;
                if (on) cache.pinRoot(ids[0]);
                else cache.unpinRoot(ids[0]);
            }
            bool valid = pinned;
            for (uint256 j = 0; j < 3; ++j) {
                valid = valid && !revoked[j] && !keyRevoked[j];
                assertTrue(cache.isValid(ids[j]) == valid, "as the path");
            }
        }
        vm.stopPrank();
        vm.warp(uint256(cache.entryOf(ids[2]).notAfter) + 1);
        assertFalse(cache.isValid(ids[2]), "expired");
    }

    // ---- Mutations

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

    // ---- ECDSA's other signature

    /// @dev The same signed part and algorithm with (r, n - s), encoded anew.
    function withOtherS(bytes memory data) private pure returns (bytes memory) {
        (uint256 from, uint256 end) = Der.expect(data, 0, data.length, Der.SEQUENCE);
        (, uint256 signedEnd) = Der.expect(data, from, end, Der.SEQUENCE);
        (, uint256 algorithmEnd) = Der.expect(data, signedEnd, end, Der.SEQUENCE);
        (uint256 content,) = Der.wholeBits(data, algorithmEnd, end);
        bytes memory signature = SignatureScheme.signature(KeyKind.P384, data, content, end);
        bytes memory body = bytes.concat(integer(signature, 0, false), integer(signature, 48, true));
        body = element(0x03, bytes.concat(hex"00", element(0x30, body)));
        return element(0x30, bytes.concat(Der.slice(data, from, algorithmEnd), body));
    }

    function element(bytes1 tag, bytes memory content) private pure returns (bytes memory) {
        uint256 size = content.length;
        if (size < 128) return bytes.concat(tag, bytes1(uint8(size)), content);
        if (size < 256) return bytes.concat(tag, hex"81", bytes1(uint8(size)), content);
        return bytes.concat(tag, hex"82", bytes2(uint16(size)), content);
    }

    /// @dev 48 bytes of `data` as an INTEGER, or n less them.
    function integer(bytes memory data, uint256 offset, bool negate) private pure returns (bytes memory) {
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
