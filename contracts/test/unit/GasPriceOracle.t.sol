// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {GasPriceOracle} from "../../src/l2/GasPriceOracle.sol";
import {L1Block} from "../../src/l2/L1Block.sol";
import {FastLZ} from "../../src/l2/FastLZ.sol";
import {IGasPriceOracle} from "../../src/l2/interfaces/IGasPriceOracle.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Base} from "./Base.sol";
import {FeeVectors} from "./FeeVectors.sol";

/// @notice Shows the fee of a known FastLZ length, as the chain computes it from the signed transaction.
contract OracleOfSizes is GasPriceOracle {
    function l1FeeOfSize(uint256 fastLzSize) external view returns (uint256) {
        return _l1Fee(fastLzSize);
    }
}

contract GasPriceOracleTest is Base {
    OracleOfSizes private oracle;

    function setUp() public {
        oracle = new OracleOfSizes();
        vm.etch(Predeploys.L1_BLOCK, address(new L1Block()).code);
    }

    // ---- FastLZ

    function test_fastLZ_ofKnownData() public pure {
        assertEq(FastLZ.compressedLength(""), 0);
        bytes memory ones = new bytes(1000);
        for (uint256 i = 0; i < ones.length; ++i) {
            ones[i] = 0x01;
        }
        assertEq(FastLZ.compressedLength(ones), 21);
        assertEq(FastLZ.compressedLength(new bytes(1000)), 21);
        assertEq(FastLZ.compressedLength(FeeVectors.signed202()), 202);
    }

    /// @dev Random bytes of a small alphabet, so that matches of all lengths and distances occur.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_fastLZ_equalsTheReferenceLoop(bytes32 seed, uint256 length, uint256 alphabet) public pure {
        bytes memory data = new bytes(bound(length, 0, 700));
        alphabet = bound(alphabet, 1, 12);
        for (uint256 i = 0; i < data.length; ++i) {
            if (i % 32 == 0) seed = keccak256(abi.encode(seed));
            data[i] = bytes1(uint8(uint256(uint8(seed[i % 32])) % alphabet));
        }
        assertEq(FastLZ.compressedLength(data), referenceLength(data));
    }

    function testFuzz_fastLZ_toleratesAnyData(bytes calldata data) public pure {
        assertEq(FastLZ.compressedLength(data), referenceLength(data));
    }

    // ---- L1 fee

    function test_l1Fee_ofARealTransaction() public {
        setFees(1_055_991_687, 1, 5227, 1_014_213);
        uint256 size = FastLZ.compressedLength(FeeVectors.fjordTransaction());
        assertEq(oracle.l1FeeOfSize(size), 24_681_034_813);
    }

    function test_l1Fee_ofTheSpecificationsTests() public {
        setFees(2_000_000, 3_000_000, 20, 15);
        assertEq(oracle.l1FeeOfSize(235), 105_484);
    }

    function test_l1Fee_addsRoomForASignature() public {
        setFees(2_000_000, 3_000_000, 20, 15);
        assertEq(oracle.getL1Fee(FeeVectors.signed202()), oracle.l1FeeOfSize(202 + 68));
    }

    function test_l1Fee_hasAFloorOf100Bytes() public {
        setFees(1e9, 1, 1e6, 0);
        assertEq(oracle.l1FeeOfSize(0), 16 * 100 * 1e9);
        assertEq(oracle.l1FeeOfSize(170), 16 * 100 * 1e9);
        assertTrue(oracle.l1FeeOfSize(171) > 16 * 100 * 1e9, "above the floor");
    }

    function test_l1GasUsed_is16ForEachEstimatedByte() public view {
        assertEq(oracle.getL1GasUsed(""), 1600);
        assertEq(oracle.getL1GasUsed(FeeVectors.signed202()), (836_500 * 270 - 42_585_600) * 16 / uint256(1e6));
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_upperBound_holdsForAnyTransaction(bytes calldata data) public {
        setFees(2e9, 3e9, 2000, 800_000);
        assertTrue(oracle.getL1FeeUpperBound(data.length) >= oracle.getL1Fee(data), "bound");
    }

    // ---- operator fee

    function test_operatorFee_ofKnownNumbers() public {
        setOperatorFee(1_439_103_868, 1_256_417_826_609_331_460);
        assertEq(oracle.getOperatorFee(1618), 1_256_650_673_615_173_860);
        setOperatorFee(1000, 10);
        assertEq(oracle.getOperatorFee(1000), 100_000_010);
        setOperatorFee(0, 0);
        assertEq(oracle.getOperatorFee(30_000_000), 0);
    }

    function testFuzz_operatorFee_neverReverts(uint256 gas, uint32 scalar, uint64 constantPart) public {
        setOperatorFee(scalar, constantPart);
        assertTrue(oracle.getOperatorFee(gas) >= constantPart, "at least the constant");
    }

    // ---- the rest

    function test_prices_areL1Blocks() public {
        setFees(11, 22, 33, 44);
        vm.fee(55);
        assertEq(oracle.l1BaseFee(), 11);
        assertEq(oracle.blobBaseFee(), 22);
        assertEq(uint256(oracle.baseFeeScalar()), 33);
        assertEq(uint256(oracle.blobBaseFeeScalar()), 44);
        assertEq(oracle.baseFee(), 55);
        assertEq(oracle.gasPrice(), 55);
        assertEq(oracle.decimals(), 6);
        assertEq(oracle.DECIMALS(), 6);
    }

    function test_rules_areJovians() public view {
        assertTrue(oracle.isEcotone() && oracle.isFjord() && oracle.isIsthmus() && oracle.isJovian(), "forks");
    }

    function test_bedrocksParameters_areRefused() public {
        vm.expectRevert(IGasPriceOracle.GasPriceOracle_Deprecated.selector);
        oracle.overhead();
        vm.expectRevert(IGasPriceOracle.GasPriceOracle_Deprecated.selector);
        oracle.scalar();
    }

    function setFees(uint256 baseFee, uint256 blobBaseFee, uint32 baseFeeScalar, uint32 blobBaseFeeScalar) private {
        set(baseFee, blobBaseFee, baseFeeScalar, blobBaseFeeScalar, 0, 0);
    }

    function setOperatorFee(uint32 scalar, uint64 constantPart) private {
        set(0, 0, 0, 0, scalar, constantPart);
    }

    function set(
        uint256 baseFee,
        uint256 blobBaseFee,
        uint32 baseFeeScalar,
        uint32 blobBaseFeeScalar,
        uint32 operatorScalar,
        uint64 operatorConstant
    ) private {
        bytes memory fees = abi.encodePacked(baseFeeScalar, blobBaseFeeScalar, uint64(0), uint64(0), uint64(0), baseFee);
        bytes memory rest =
            abi.encodePacked(blobBaseFee, bytes32(0), bytes32(0), operatorScalar, operatorConstant, uint16(0));
        vm.prank(Predeploys.DEPOSITOR_ACCOUNT);
        (bool success,) =
            Predeploys.L1_BLOCK.call(bytes.concat(L1Block.setL1BlockValuesJovian.selector, fees, rest));
        assertTrue(success, "set");
    }

    /// @dev The length that FastLZ level 1 would produce, as the reference's single loop has it.
    function referenceLength(bytes memory data) private pure returns (uint256 n) {
        uint256[] memory last = new uint256[](8192);
        uint256 limit = data.length < 13 ? 0 : data.length - 13;
        uint256 anchor = 0;
        uint256 ip = 2;
        while (ip < limit) {
            uint256 ref = 0;
            for (;;) {
                uint256 three = at24(data, ip);
                uint256 slot = hashOf(three);
                ref = last[slot];
                last[slot] = ip;
                uint256 distance = ip - ref;
                if (ip >= limit) break;
                ip++;
                if (distance <= 0x1fff && three == at24(data, ref)) break;
            }
            if (ip >= limit) break;
            ip--;
            if (ip > anchor) n += literals(ip - anchor);
            uint256 length = 0;
            uint256 end = limit + 9 - (ip + 3);
            while (length < end) {
                if (data[ref + 3 + length] != data[ip + 3 + length]) end = 0;
                length++;
            }
            uint256 code = length - 1;
            n += 3 * (code / 262) + (code % 262 >= 6 ? 3 : 2);
            ip += length;
            last[hashOf(at24(data, ip))] = ip;
            ip++;
            last[hashOf(at24(data, ip))] = ip;
            ip++;
            anchor = ip;
        }
        n += literals(data.length - anchor);
    }

    function literals(uint256 run) private pure returns (uint256 n) {
        n = 0x21 * (run / 0x20);
        run %= 0x20;
        if (run != 0) n += run + 1;
    }

    function at24(bytes memory data, uint256 i) private pure returns (uint256) {
        return uint256(uint8(data[i])) | (uint256(uint8(data[i + 1])) << 8) | (uint256(uint8(data[i + 2])) << 16);
    }

    function hashOf(uint256 three) private pure returns (uint256) {
        unchecked {
            return (uint32(2654435769) * uint32(three) >> 19) & 0x1fff;
        }
    }
}
