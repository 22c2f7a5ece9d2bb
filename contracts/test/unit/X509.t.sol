// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdExtensions, AmdKey} from "../../src/tee/certificates/AmdExtensions.sol";
import {Der} from "../../src/tee/certificates/Der.sol";
import {IntelExtensions, IntelPck} from "../../src/tee/certificates/IntelExtensions.sol";
import {KeyKind, SignatureScheme} from "../../src/tee/certificates/SignatureScheme.sol";
import {VendorRoots} from "../../src/tee/certificates/VendorRoots.sol";
import {Certificate, X509} from "../../src/tee/certificates/X509.sol";
import {RevocationList, X509Crl} from "../../src/tee/certificates/X509Crl.sol";
import {SignatureVerifier} from "../../src/tee/crypto/SignatureVerifier.sol";
import {Base} from "./Base.sol";

/// @notice The readers behind calls, so that a revert can be expected.
contract Reader {
    function parse(bytes memory der) external pure returns (Certificate memory) {
        return X509.parse(der);
    }

    function parseList(bytes memory der) external pure returns (RevocationList memory) {
        return X509Crl.parse(der);
    }

    function entry(bytes memory der, uint256 position, uint256 end) external pure returns (bytes memory, uint256) {
        return X509Crl.entry(der, position, end);
    }

    function time(bytes memory der) external pure returns (uint64 value, uint256 next) {
        return Der.time(der, 0, der.length);
    }

    function read(bytes memory der, uint256 end) external pure returns (uint8 tag, uint256 start, uint256 next) {
        return Der.read(der, 0, end);
    }

    function small(bytes memory der) external pure returns (uint64 value, uint256 next) {
        return Der.small(der, 0, der.length);
    }

    function boolean(bytes memory der) external pure returns (bool value, uint256 next) {
        return Der.boolean(der, 0, der.length);
    }

    function namedBits(bytes memory der) external pure returns (uint16 value, uint256 next) {
        return Der.namedBits(der, 0, der.length);
    }

    function amd(bytes memory der) external pure returns (AmdKey memory) {
        return AmdExtensions.read(der, X509.parse(der));
    }

    function intel(bytes memory der) external pure returns (IntelPck memory) {
        return IntelExtensions.read(der, X509.parse(der));
    }
}

contract X509Test is Base {
    Reader private reader;
    string private json;
    string private vendors;

    function setUp() public {
        reader = new Reader();
        json = vm.readFile("./protocol/vectors/attestation-certificates.json");
        vendors = vm.readFile("./protocol/vectors/vendor-authorities.json");
    }

    function der(string memory name) private view returns (bytes memory) {
        return vm.parseJsonBytes(json, string.concat(".", name));
    }

    // ---- DER

    function test_lengthsHaveOneForm() public {
        (uint8 tag, uint256 start, uint256 next) = reader.read(hex"0402aabbcc", 5);
        assertEq(tag, 4);
        assertEq(start, 2);
        assertEq(next, 4);
        (, start, next) = reader.read(bytes.concat(hex"048180", new bytes(128)), 131);
        assertEq(start, 3);
        assertEq(next, 131);
        (, start, next) = reader.read(bytes.concat(hex"04820100", new bytes(256)), 260);
        assertEq(start, 4);
        bytes[5] memory bad = [
            bytes.concat(hex"04817f", new bytes(127)),
            bytes.concat(hex"04820080", new bytes(128)),
            bytes.concat(hex"0480", new bytes(8)),
            bytes.concat(hex"048400000001", new bytes(8)),
            bytes.concat(hex"04ff", new bytes(300))
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidLength.selector, 0));
            reader.read(bad[i], bad[i].length);
        }
    }

    function test_tagsHaveOneByte() public {
        vm.expectRevert(abi.encodeWithSelector(Der.Der_LongTag.selector, 0));
        reader.read(hex"1f810100", 4);
        vm.expectRevert(abi.encodeWithSelector(Der.Der_LongTag.selector, 0));
        reader.read(hex"bf200100", 4);
    }

    function test_elementsLieInWhatHoldsThem() public {
        bytes[6] memory bad =
            [bytes(""), hex"04", hex"0401", hex"040300", hex"0481", bytes.concat(hex"04820100", new bytes(255))];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_OutOfBounds.selector, 0));
            reader.read(bad[i], bad[i].length);
        }
        // The end that a caller gives, not the data's.
        vm.expectRevert(abi.encodeWithSelector(Der.Der_OutOfBounds.selector, 0));
        reader.read(hex"0402aabb", 3);
        vm.expectRevert(abi.encodeWithSelector(Der.Der_OutOfBounds.selector, 0));
        reader.read(hex"0402aabb", 5);
    }

    function test_numbers() public {
        (uint64 value,) = reader.small(hex"020100");
        assertEq(value, 0);
        (value,) = reader.small(hex"02020080");
        assertEq(value, 128);
        (value,) = reader.small(hex"020900ffffffffffffffff");
        assertEq(value, type(uint64).max);
        bytes[5] memory bad =
            [bytes(hex"0200"), hex"020180", hex"02020001", hex"0209010000000000000000", hex"0202ff80"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidInteger.selector, 0));
            reader.small(bad[i]);
        }
    }

    function test_truthValuesAndBits() public {
        bytes[4] memory bad = [bytes(hex"010101"), hex"0100", hex"0102ffff", hex"0101fe"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidBoolean.selector, 0));
            reader.boolean(bad[i]);
        }
        (uint16 usages,) = reader.namedBits(hex"03020106");
        assertEq(usages, X509.SIGNS_CERTIFICATES | X509.SIGNS_REVOCATIONS);
        bad = [bytes(hex"03020107"), hex"03020800", hex"030100", hex"030400000000"];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidBits.selector, 0));
            reader.namedBits(bad[i]);
        }
    }

    function time(bytes memory text, uint8 tag) private view returns (uint64 value) {
        (value,) = reader.time(bytes.concat(bytes1(tag), bytes1(uint8(text.length)), text));
    }

    function test_times() public view {
        assertEq(time("700101000000Z", Der.UTC_TIME), 0);
        assertEq(time("991231235959Z", Der.UTC_TIME), 946_684_799);
        assertEq(time("490228120000Z", Der.UTC_TIME), 2_498_126_400);
        assertEq(time("20000229000000Z", Der.GENERALIZED_TIME), 951_782_400);
        assertEq(time("20240301000000Z", Der.GENERALIZED_TIME), 1_709_251_200);
        assertEq(time("21000301000000Z", Der.GENERALIZED_TIME), 4_107_542_400);
        assertEq(time("99991231235959Z", Der.GENERALIZED_TIME), 253_402_300_799);
    }

    function test_timesOfNoCalendar() public {
        string[12] memory bad = [
            "20230229000000Z",
            "21000229000000Z",
            "20231301000000Z",
            "20230001000000Z",
            "20230431000000Z",
            "20230100000000Z",
            "20230101240000Z",
            "20230101006000Z",
            "20230101000060Z",
            "20230101000000z",
            "2023010100000:Z",
            "19691231235959Z"
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidTime.selector, 0));
            reader.time(bytes.concat(hex"180f", bytes(bad[i])));
        }
        vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidTime.selector, 0));
        reader.time(bytes.concat(hex"1713", "20230101000000+0100"));
        vm.expectRevert(abi.encodeWithSelector(Der.Der_InvalidTime.selector, 0));
        reader.time(bytes.concat(hex"170b", "2301010000Z"));
    }

    // ---- Certificates of the vendors

    /// @dev Each one's signature is its issuer's.
    function test_authoritiesOfTheVendors() public {
        SignatureVerifier verifier = new SignatureVerifier();
        string[2][6] memory chains = [
            ["amdGenoaArk", "amdGenoaArk"],
            ["amdGenoaAsk", "amdGenoaArk"],
            ["intelRoot", "intelRoot"],
            ["intelPlatform", "intelRoot"],
            ["nvidiaRoot", "nvidiaRoot"],
            ["nvidiaGh100", "nvidiaRoot"]
        ];
        for (uint256 i = 0; i < chains.length; ++i) {
            bytes memory child = vm.parseJsonBytes(vendors, string.concat(".", chains[i][0]));
            Certificate memory certificate = reader.parse(child);
            Certificate memory issuer = reader.parse(vm.parseJsonBytes(vendors, string.concat(".", chains[i][1])));
            assertTrue(certificate.isAuthority, "authority");
            assertEq(certificate.issuer, issuer.subject);
            assertEq(uint8(certificate.signatureKind), uint8(issuer.keyKind));
            bytes memory signed = Der.slice(child, certificate.signedFrom, certificate.signedTo);
            assertTrue(
                verifier.verify(issuer.keyKind, issuer.publicKey, signed, certificate.signature, false), chains[i][0]
            );
            signed[signed.length / 2] ^= 0x01;
            assertFalse(
                verifier.verify(issuer.keyKind, issuer.publicKey, signed, certificate.signature, false), chains[i][0]
            );
        }
    }

    /// @dev And the fingerprints beside the ids are those of the certificates.
    function test_idsOfTheVendorsRoots() public view {
        string[3] memory names = ["intelRoot", "amdGenoaArk", "nvidiaRoot"];
        bytes32[3] memory ids = [VendorRoots.INTEL_SGX, VendorRoots.AMD_GENOA, VendorRoots.NVIDIA_DEVICE];
        bytes32[3] memory fingerprints = [
            bytes32(0x44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3),
            0x4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1,
            0x102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48
        ];
        for (uint256 i = 0; i < names.length; ++i) {
            bytes memory root = vm.parseJsonBytes(vendors, string.concat(".", names[i]));
            Certificate memory certificate = reader.parse(root);
            assertEq(Der.digest(root, certificate.signedFrom, certificate.signedTo), ids[i]);
            assertEq(sha256(root), fingerprints[i]);
        }
    }

    function test_fieldsOfTheVendors() public view {
        Certificate memory ask = reader.parse(vm.parseJsonBytes(vendors, ".amdGenoaAsk"));
        assertEq(uint8(ask.keyKind), uint8(KeyKind.RSA4096));
        assertEq(ask.publicKey.length, 512);
        assertTrue(ask.limitsPath && ask.pathLength == 0, "path length 0");
        assertEq(ask.usages, X509.SIGNS_CERTIFICATES);
        assertEq(ask.serial, hex"020002");
        assertEq(ask.notAfter, 2_456_141_628);
        Certificate memory intel = reader.parse(vm.parseJsonBytes(vendors, ".intelRoot"));
        assertTrue(intel.limitsPath && intel.pathLength == 1, "path length 1");
        assertEq(intel.notAfter, 2_524_607_999);
        Certificate memory nvidia = reader.parse(vm.parseJsonBytes(vendors, ".nvidiaGh100"));
        assertFalse(nvidia.limitsPath, "no limit");
        assertEq(nvidia.notAfter, 253_402_300_799);
        assertEq(nvidia.publicKey.length, 96);
    }

    // ---- Certificates that are wrong

    function test_certificateAndNothingElse() public {
        bytes memory leaf = der("leaf");
        vm.expectRevert();
        reader.parse(bytes.concat(leaf, hex"00"));
        vm.expectRevert();
        reader.parse(bytes.concat(hex"00", leaf));
        vm.expectRevert();
        reader.parse("");
    }

    function test_extensions() public {
        bytes memory wrong = der("leafCritical");
        vm.expectRevert(abi.encodeWithSelector(X509.X509_UnknownCriticalExtension.selector, hex"551d1e"));
        reader.parse(wrong);
        wrong = der("leafRepeated");
        vm.expectRevert(abi.encodeWithSelector(X509.X509_RepeatedExtension.selector, hex"551d0f"));
        reader.parse(wrong);
        wrong = der("leafWithLimit");
        vm.expectRevert(X509.X509_InvalidConstraints.selector);
        reader.parse(wrong);
    }

    /// @dev No prefix is a certificate, and cutting one never reads past the end.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_truncated(uint256 length) public {
        bytes memory leaf = der("rsaLeaf");
        length = bound(length, 0, leaf.length - 1);
        bytes memory cut = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            cut[i] = leaf[i];
        }
        vm.expectRevert();
        reader.parse(cut);
    }

    /// @dev A changed byte is either refused or changes what was signed, the signature, or nothing that anyone relies on:
    ///      never is the same statement read with another signed part.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_changedByte(uint256 index, bytes1 change) public view {
        bytes memory leaf = der("leaf");
        Certificate memory before = X509.parse(leaf);
        vm.assume(change != 0);
        index = bound(index, 0, leaf.length - 1);
        leaf[index] ^= change;
        try reader.parse(leaf) returns (Certificate memory read) {
            bool inSigned = index >= before.signedFrom && index < before.signedTo;
            bytes32 part = Der.digest(leaf, read.signedFrom, read.signedTo);
            bool same = part == Der.digest(der("leaf"), before.signedFrom, before.signedTo);
            assertTrue(same != inSigned, "signed part");
            assertTrue(inSigned || keccak256(read.signature) != keccak256(before.signature), "signature");
        } catch (bytes memory reason) {
            assertTrue(reason.length >= 4, "a named reason");
        }
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_anyBytes(bytes memory data) public view {
        try reader.parse(data) {
            assertTrue(false, "random bytes are a certificate");
        } catch (bytes memory reason) {
            assertTrue(bytes4(reason) != 0x4e487b71, "no panic");
        }
    }

    // ---- Revocation lists

    function test_list() public {
        RevocationList memory list = reader.parseList(der("listOfLeaf"));
        assertEq(list.thisUpdate, 1_764_547_200);
        (bytes memory serial, uint256 next) = reader.entry(der("listOfLeaf"), list.entriesFrom, list.entriesTo);
        assertEq(serial, hex"64");
        (serial, next) = reader.entry(der("listOfLeaf"), next, list.entriesTo);
        assertEq(serial, hex"1234567890");
        assertEq(next, list.entriesTo);
        list = reader.parseList(der("listNewer"));
        assertEq(list.entriesFrom, list.entriesTo);
        bytes memory delta = der("listDelta");
        vm.expectRevert();
        reader.parseList(delta);
        vm.expectRevert();
        reader.parseList(bytes.concat(der("listOfLeaf"), hex"00"));
        bytes memory leaf = der("leaf");
        vm.expectRevert();
        reader.parseList(leaf);
        bytes memory revocations = der("listOfLeaf");
        vm.expectRevert();
        reader.parse(revocations);
    }

    // ---- Vendors' extensions

    function test_amd() public {
        AmdKey memory key = reader.amd(der("rsaLeaf"));
        assertEq(key.product, "Turin-B1");
        assertEq(key.hardwareId, hex"0102030405060708");
        assertEq(key.cloudId, "");
        assertTrue(key.bootLoader == 4 && key.tee == 1 && key.snp == 22 && key.microcode == 213, "levels");
        assertTrue(key.hasFmc && key.fmc == 7, "first mutable code");
        key = reader.amd(der("rsaLeafOfCloud"));
        assertEq(key.cloudId, "cloud");
        assertFalse(key.hasFmc, "none");
        bytes memory wrong = der("rsaLeafOfBoth");
        vm.expectRevert(AmdExtensions.AmdExtensions_AmbiguousHolder.selector);
        reader.amd(wrong);
        wrong = der("rsaLeafWithoutSnp");
        vm.expectRevert(abi.encodeWithSelector(AmdExtensions.AmdExtensions_Missing.selector, 71));
        reader.amd(wrong);
        wrong = der("leaf");
        vm.expectRevert(abi.encodeWithSelector(AmdExtensions.AmdExtensions_Missing.selector, 0));
        reader.amd(wrong);
    }

    function test_intel() public {
        IntelPck memory pck = reader.intel(der("p256Leaf"));
        assertEq(pck.fmspc, bytes6(0x00906ed50000));
        assertEq(pck.pceId, bytes2(0x0100));
        assertEq(pck.pceSvn, 0x1234);
        assertEq(pck.tcbComponents, bytes16(0x00112233445566778899aabbccddeeff));
        assertEq(pck.cpuSvn, bytes16(0xcccccccccccccccccccccccccccccccc));
        assertEq(pck.ppid, bytes16(0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa));
        assertEq(pck.sgxType, 1);
        bytes memory wrong = der("leaf");
        vm.expectRevert(abi.encodeWithSelector(X509.X509_MissingExtension.selector, hex"2a864886f84d010d01"));
        reader.intel(wrong);
    }

    function test_unknownAlgorithmIsNamed() public {
        bytes memory leaf = der("leaf");
        Certificate memory certificate = X509.parse(leaf);
        leaf[certificate.signedTo + 11] = 0x04;
        vm.expectRevert(
            abi.encodeWithSelector(
                SignatureScheme.SignatureScheme_UnknownAlgorithm.selector, hex"300a06082a8648ce3d040304"
            )
        );
        reader.parse(leaf);
        leaf[certificate.signedTo + 11] = 0x02;
        vm.expectRevert();
        reader.parse(leaf);
    }
}
