// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {Claim} from "../../src/tee/Claim.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice What a proof costs whoever brings it. All is prepared in `setUp`, a transaction of its own, so that what is
///         measured finds every account and slot cold, as a transaction on L1 does.
contract ProofGasTest is SettlementFixture {
    /// @dev Of a transaction, before the first instruction; EIP-2028 for the call's bytes.
    uint256 private constant BASE_GAS = 21_000;
    uint256 private constant BYTE_GAS = 16;
    uint256 private constant ZERO_BYTE_GAS = 4;

    MultiProofGame private _game;
    Claim private _proven;
    bytes private _snpSignature;
    bytes private _gpuSignature;

    function setUp() public override {
        super.setUp();
        _game = _propose(TDX_KEY, ROOT, 10, address(0));
        _proven = _claim(_game.l1Head(), _game.previousOutputRoot(), ROOT, 10);
        _snpSignature = _signature(SNP_KEY, _proven);
        _gpuSignature = _signature(TDX_GPU_KEY, _proven);
    }

    function test_a_registry_takes_at_most_35k_of_a_proof() public view {
        (Claim memory claim, bytes memory signature) = (_proven, _snpSignature);
        uint256 before = gasleft();
        registry.verify(claim, signature);
        uint256 used = before - gasleft();
        assertTrue(used <= 35_000, string.concat("took ", vm.toString(used)));
    }

    function test_a_proof_takes_at_most_90k() public {
        _measure(_snpSignature, "second: ");
    }

    function test_a_proof_with_a_gpu_takes_at_most_90k() public {
        _measure(_gpuSignature, "with a GPU: ");
    }

    function test_after_a_change_of_policy_a_proof_asks_it_until_the_key_is_affirmed() public {
        vm.prank(owner);
        attestationPolicy.setBond(1);
        uint256 changed = _used(_snpSignature);
        assertTrue(changed <= 115_000, string.concat("asked: ", vm.toString(changed)));
        registry.affirm(vm.addr(TDX_GPU_KEY));
        assertTrue(_used(_gpuSignature) < changed, "affirmed");
    }

    function _measure(bytes memory signature, string memory what) private {
        uint256 used = _used(signature);
        assertTrue(used <= 90_000, string.concat(what, vm.toString(used)));
    }

    /// @dev Gas of the whole transaction.
    function _used(bytes memory signature) private returns (uint256 used) {
        bytes memory call_ = abi.encodeCall(MultiProofGame.prove, (ROOT, signature));
        address game = address(_game);
        uint256 before = gasleft();
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted,) = game.call(call_);
        used = before - gasleft() + BASE_GAS;
        assertTrue(accepted, "accepted");
        for (uint256 i = 0; i < call_.length; ++i) {
            used += call_[i] == 0 ? ZERO_BYTE_GAS : BYTE_GAS;
        }
    }
}
