// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract MultiProofGameGpuTest is SettlementFixture {
    function requiresGpu() internal pure override returns (bool) {
        return true;
    }

    function test_two_vendors_without_the_gpu_leg_do_not_suffice() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _wait(FAST);
        vm.expectRevert(IMultiProofGame.MultiProofGame_GpuProofMissing.selector);
        game.resolve();
        _prove(game, TDX_GPU_KEY, ROOT);
        assertEq(game.proofStatus().thresholdAt, block.timestamp);
        _wait(FAST);
        game.resolve();
    }

    function test_the_gpu_leg_is_no_vendor() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, TDX_GPU_KEY, ROOT);
        _wait(FAST);
        vm.expectRevert(
            abi.encodeWithSelector(IMultiProofGame.MultiProofGame_NotEnoughVendors.selector, uint8(1), uint8(2))
        );
        game.resolve();
    }
}
