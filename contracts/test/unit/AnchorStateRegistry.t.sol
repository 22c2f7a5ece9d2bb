// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {AnchorStateRegistry} from "../../src/settlement/AnchorStateRegistry.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IAnchorStateRegistry} from "../../src/settlement/interfaces/IAnchorStateRegistry.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {Impostor} from "./Impostor.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

contract AnchorStateRegistryTest is SettlementFixture {
    function test_the_anchor_moves_to_a_final_game_by_anyone() public {
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        _refusedAnchor(game);
        _wait(AIR_GAP);
        // The air gap is strict.
        _refusedAnchor(game);
        _wait(1);
        vm.prank(account("anyone"));
        anchors.setAnchorState(_plain(game));
        (bytes32 root, uint256 number) = anchors.getAnchorRoot();
        assertEq(root, ROOT);
        assertEq(number, 10);
        (root, number) = anchors.anchors(0);
        assertEq(root, ROOT);
        assertEq(address(anchors.anchorGame()), address(game));
    }

    function test_the_anchor_never_goes_backwards_or_stands_still() public {
        MultiProofGame older = _resolved(ROOT, 10, address(0));
        MultiProofGame newer = _resolved(OTHER_ROOT, 20, address(0));
        _wait(AIR_GAP + 1);
        anchors.setAnchorState(_plain(newer));
        _refusedAnchor(older);
        _refusedAnchor(newer);
    }

    function test_unresolved_lost_blacklisted_retired_or_unrespected_games_are_no_anchor() public {
        MultiProofGame open = _propose(TDX_KEY, ROOT, 10, address(0));
        MultiProofGame lost = _propose(TDX_KEY, ROOT, 11, address(0));
        _prove(lost, SNP_KEY, OTHER_ROOT);
        MultiProofGame won = _resolved(ROOT, 12, address(0));
        _admitOtherType();
        vm.prank(guardian);
        anchors.setRespectedGameType(OTHER_TYPE);
        MultiProofGame unrespected = _resolved(ROOT, 13, address(0));
        _wait(AIR_GAP + 1);
        _refusedAnchor(open);
        _refusedAnchor(lost);
        _refusedAnchor(unrespected);
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        anchors.blacklistDisputeGame(_plain(won));
        _refusedAnchor(won);
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _refusedAnchor(won);
        vm.revertToState(before);
        vm.prank(guardian);
        systemConfig.pause();
        _refusedAnchor(won);
        vm.revertToState(before);
        anchors.setAnchorState(_plain(won));
    }

    function test_a_game_that_is_not_the_factorys_is_no_anchor() public {
        MultiProofGame real = _resolved(ROOT, 10, address(0));
        _wait(AIR_GAP + 1);
        Impostor impostor = new Impostor(real);
        assertFalse(anchors.isGameRegistered(IDisputeGame(address(impostor))), "not registered");
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_InvalidAnchorGame.selector);
        anchors.setAnchorState(IDisputeGame(address(impostor)));
    }

    function test_a_new_game_builds_on_the_anchor_it_finds() public {
        MultiProofGame first = _resolved(ROOT, 10, address(0));
        _wait(AIR_GAP + 1);
        anchors.setAnchorState(_plain(first));
        MultiProofGame second = _propose(TDX_KEY, OTHER_ROOT, 20, address(0));
        assertEq(second.previousOutputRoot(), ROOT);
        assertEq(second.previousBlockNumber(), 10);
    }

    /// @dev Else he could stop every new game for ever, even beyond his term.
    function test_a_type_that_the_factory_does_not_make_is_not_respected() public {
        vm.prank(guardian);
        vm.expectRevert(
            abi.encodeWithSelector(IAnchorStateRegistry.AnchorStateRegistry_NoSuchGame.selector, uint32(999))
        );
        anchors.setRespectedGameType(999);
    }

    function test_only_the_guardian_judges() public {
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        vm.startPrank(owner);
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_Unauthorized.selector);
        anchors.blacklistDisputeGame(_plain(game));
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_Unauthorized.selector);
        anchors.setRespectedGameType(7);
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_Unauthorized.selector);
        anchors.updateRetirementTimestamp();
    }

    function test_starts_once_and_not_from_a_zero_root() public {
        IAnchorStateRegistry.Proposal memory zero = IAnchorStateRegistry.Proposal(0, 0);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        anchors.initialize(systemConfig, factory, zero, GAME_TYPE);
        AnchorStateRegistry logic = new AnchorStateRegistry(AIR_GAP);
        bytes memory initialization =
            abi.encodeCall(AnchorStateRegistry.initialize, (systemConfig, factory, zero, GAME_TYPE));
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_ZeroAnchorRoot.selector);
        new L1Proxy(address(logic), owner, initialization);
    }

    function _refusedAnchor(MultiProofGame game) private {
        vm.expectRevert(IAnchorStateRegistry.AnchorStateRegistry_InvalidAnchorGame.selector);
        anchors.setAnchorState(_plain(game));
    }

    function _plain(MultiProofGame game) private pure returns (IDisputeGame) {
        return IDisputeGame(address(game));
    }
}
