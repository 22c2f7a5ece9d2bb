// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {CertificateCacheFixture} from "./CertificateCacheFixture.sol";

/// @notice What governance and the guardian revoke, reinstate and pin, in any order.
contract CertificateCacheGovernanceTest is CertificateCacheFixture {
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
}
