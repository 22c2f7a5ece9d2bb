// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {L1Block} from "../../src/l2/L1Block.sol";
import {IL1Block} from "../../src/l2/interfaces/IL1Block.sol";
import {Predeploys} from "../../src/types/Predeploys.sol";
import {Base} from "./Base.sol";

contract L1BlockTest is Base {
    /// @dev Attributes of BOB mainnet's block 38,821,851, which runs the OP Stack under Jovian rules.
    bytes private constant REAL = hex"3db6be2b" hex"001e8480" hex"00095506" hex"0000000000000004"
        hex"000000006ab8f297" hex"00000000018dc520"
        hex"0000000000000000000000000000000000000000000000000000000003ea7587"
        hex"00000000000000000000000000000000000000000000000000000000003b927c"
        hex"c8d0ea7508cfe24b335f09e985abf1e80cc7bc6996339304fe6698e418be29aa"
        hex"00000000000000000000000008f9f14ff43e112b18c96f0986f28cb1878f1d11" hex"00000000" hex"00000da475abf000"
        hex"0190";

    L1Block private l1Block;

    function setUp() public {
        l1Block = new L1Block();
    }

    function test_selector_isTheProtocols() public pure {
        assertEq(bytes32(IL1Block.setL1BlockValuesJovian.selector), bytes32(bytes4(0x3db6be2b)));
        assertEq(bytes32(IL1Block.NotDepositor.selector), bytes32(bytes4(0x3cc50b45)));
    }

    function test_attributes_ofARealBlock() public {
        write(REAL);
        assertEq(uint256(l1Block.baseFeeScalar()), 2_000_000);
        assertEq(uint256(l1Block.blobBaseFeeScalar()), 611_590);
        assertEq(uint256(l1Block.sequenceNumber()), 4);
        assertEq(uint256(l1Block.timestamp()), 1_790_505_623);
        assertEq(uint256(l1Block.number()), 26_068_256);
        assertEq(l1Block.basefee(), 65_697_159);
        assertEq(l1Block.blobBaseFee(), 3_904_124);
        assertEq(l1Block.hash(), 0xc8d0ea7508cfe24b335f09e985abf1e80cc7bc6996339304fe6698e418be29aa);
        assertEq(l1Block.batcherHash(), bytes32(uint256(uint160(0x08F9F14fF43E112B18c96f0986F28Cb1878f1D11))));
        assertEq(uint256(l1Block.operatorFeeScalar()), 0);
        assertEq(uint256(l1Block.operatorFeeConstant()), 15_000_000_000_000);
        assertEq(uint256(l1Block.daFootprintGasScalar()), 400);
    }

    /// @dev The words that execution clients read without calling: slots 1, 3, 7 and 8, and all others in their places.
    function testFuzz_attributes_standInTheProtocolsSlots(
        uint32[3] calldata scalars,
        uint64[4] calldata numbers,
        bytes32[4] calldata words,
        uint16 footprint
    ) public {
        write(
            bytes.concat(
                abi.encodePacked(
                    IL1Block.setL1BlockValuesJovian.selector, scalars[0], scalars[1], numbers[0], numbers[1], numbers[2]
                ),
                abi.encodePacked(words[0], words[1], words[2], words[3], scalars[2], numbers[3], footprint)
            )
        );
        assertEq(slot(0), bytes32((uint256(numbers[1]) << 64) | numbers[2]));
        assertEq(slot(1), words[0]);
        assertEq(slot(2), words[2]);
        assertEq(slot(3), bytes32((uint256(scalars[0]) << 96) | (uint256(scalars[1]) << 64) | numbers[0]));
        assertEq(slot(4), words[3]);
        assertEq(slot(5), 0);
        assertEq(slot(6), 0);
        assertEq(slot(7), words[1]);
        assertEq(slot(8), bytes32((uint256(footprint) << 96) | (uint256(scalars[2]) << 64) | numbers[3]));
    }

    function testFuzz_writing_isTheDepositorsAlone(address caller) public {
        vm.assume(caller != Predeploys.DEPOSITOR_ACCOUNT);
        vm.prank(caller);
        (bool success, bytes memory returned) = address(l1Block).call(REAL);
        assertFalse(success, "written");
        assertEq(returned, abi.encodeWithSelector(IL1Block.NotDepositor.selector));
    }

    function testFuzz_calldataOfAnotherLength_isRefused(uint256 length) public {
        length = bound(length, 4, 400);
        vm.assume(length != 178);
        bytes memory data = new bytes(length);
        for (uint256 i = 0; i < 4; ++i) {
            data[i] = REAL[i];
        }
        vm.prank(Predeploys.DEPOSITOR_ACCOUNT);
        (bool success, bytes memory returned) = address(l1Block).call(data);
        assertFalse(success, "written");
        assertEq(returned, abi.encodeWithSelector(IL1Block.L1Block_InvalidLength.selector, length));
    }

    function test_gas_isPaidInEther() public view {
        (address token, uint8 decimals) = l1Block.gasPayingToken();
        assertEq(token, 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE);
        assertEq(uint256(decimals), 18);
        assertFalse(l1Block.isCustomGasToken(), "custom");
        assertEq(l1Block.DEPOSITOR_ACCOUNT(), Predeploys.DEPOSITOR_ACCOUNT);
    }

    function write(bytes memory data) private {
        vm.prank(Predeploys.DEPOSITOR_ACCOUNT);
        (bool success,) = address(l1Block).call(data);
        assertTrue(success, "written");
    }

    function slot(uint256 index) private view returns (bytes32) {
        return vm.load(address(l1Block), bytes32(index));
    }
}
