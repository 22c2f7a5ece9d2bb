// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {CertificateCacheFixture} from "./CertificateCacheFixture.sol";

/// @notice Revocation by the issuers' own lists.
contract CertificateCacheListsTest is CertificateCacheFixture {
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

    function expectListRefusal(string memory name, string memory issuer, bytes memory reason) private {
        bytes memory data = der(name);
        bytes32 id = idOf(issuer);
        vm.expectRevert(reason);
        cache.addRevocations(data, id, false, 10);
    }
}
