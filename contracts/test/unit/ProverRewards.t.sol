// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {ProverRewards} from "../../src/settlement/ProverRewards.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IProverRewards} from "../../src/settlement/interfaces/IProverRewards.sol";
import {FeeToken} from "./GameBond.t.sol";
import {Impostor} from "./Impostor.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice What provers are paid, and the attempts to be paid otherwise.
contract ProverRewardsTest is SettlementFixture {
    address private intel = vm.addr(TDX_KEY);
    address private amd = vm.addr(SNP_KEY);

    function setUp() public override {
        super.setUp();
        pha.approve(address(rewards), type(uint256).max);
    }

    // ---- the way of a reward

    function test_a_won_game_pays_its_supporters_in_equal_parts() public {
        rewards.fund(1000 ether);
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        assertEq(rewards.reservationOf(game).amount, 10 * REWARD_PER_BLOCK);
        assertEq(rewards.reservationOf(game).blocks, 10);
        _notYet(game);
        _wait(AIR_GAP + 1);
        vm.prank(account("anyone"));
        rewards.claim(game);
        assertEq(rewards.owed(intel), 5 * REWARD_PER_BLOCK);
        rewards.withdraw(intel);
        rewards.withdraw(amd);
        assertEq(pha.balanceOf(intel), 5 * REWARD_PER_BLOCK);
        assertEq(pha.balanceOf(amd), 5 * REWARD_PER_BLOCK);
        assertEq(pha.balanceOf(address(rewards)), 1000 ether - 10 * REWARD_PER_BLOCK);
        _nothing(game);
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.ProverRewards_NothingOwed.selector, intel));
        rewards.withdraw(intel);
    }

    function test_what_does_not_divide_stays_available() public {
        rewards.fund(100);
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _prove(game, TDX_GPU_KEY, ROOT);
        _wait(FAST);
        game.resolve();
        _wait(AIR_GAP + 1);
        rewards.claim(game);
        assertEq(rewards.owed(intel), 33);
        assertEq(rewards.totalOwed(), 99);
        assertEq(rewards.available(), 1);
        assertEq(rewards.reserved(), 0);
    }

    // ---- never more than there is, and no debt

    function test_an_unfunded_game_is_owed_nothing_even_when_funds_come() public {
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        rewards.fund(1000 ether);
        _wait(AIR_GAP + 1);
        _nothing(game);
        // Nor are its blocks, proven once more.
        MultiProofGame again = _resolved(ROOT, 9, address(0));
        assertEq(rewards.reservationOf(again).amount, 0);
        MultiProofGame next = _resolved(OTHER_ROOT, 11, address(game));
        assertEq(rewards.reservationOf(next).amount, REWARD_PER_BLOCK);
    }

    function test_funds_that_do_not_suffice_are_paid_as_far_as_they_go() public {
        rewards.fund(7);
        MultiProofGame first = _resolved(ROOT, 10, address(0));
        MultiProofGame second = _resolved(OTHER_ROOT, 20, address(first));
        assertEq(rewards.reservationOf(first).amount, 7);
        assertEq(rewards.reservationOf(second).amount, 0);
        assertEq(rewards.available(), 0);
    }

    /// @dev Who has what is settled when the games are won, not when somebody claims.
    function test_the_order_of_claims_makes_no_difference() public {
        rewards.fund(15 * REWARD_PER_BLOCK);
        MultiProofGame first = _resolved(ROOT, 10, address(0));
        MultiProofGame second = _resolved(OTHER_ROOT, 20, address(first));
        _wait(AIR_GAP + 1);
        uint256 before = vm.snapshotState();
        rewards.claim(first);
        rewards.claim(second);
        uint256 owed = rewards.owed(intel);
        vm.revertToState(before);
        rewards.claim(second);
        rewards.claim(first);
        assertEq(rewards.owed(intel), owed);
        assertEq(owed, 15 * REWARD_PER_BLOCK / 2);
    }

    function test_a_changed_rate_is_for_games_won_later() public {
        rewards.fund(1000 ether);
        MultiProofGame first = _resolved(ROOT, 10, address(0));
        vm.prank(owner);
        rewards.setRewardPerBlock(1);
        MultiProofGame second = _resolved(OTHER_ROOT, 20, address(first));
        assertEq(rewards.reservationOf(first).amount, 10 * REWARD_PER_BLOCK);
        assertEq(rewards.reservationOf(second).amount, 10);
    }

    // ---- attempts

    /// @dev As many true games as one likes, for the same blocks: each block is paid once.
    function test_slicing_and_repeating_games_earns_nothing_more() public {
        rewards.fund(10_000 ether);
        _resolved(ROOT, 10, address(0));
        _resolved(keccak256("5"), 5, address(0));
        _resolved(keccak256("10"), 10, address(0));
        MultiProofGame longer = _resolved(keccak256("12"), 12, address(0));
        assertEq(rewards.reservationOf(longer).blocks, 2);
        assertEq(rewards.reserved(), 12 * REWARD_PER_BLOCK);
        assertEq(rewards.rewardedUpTo(), 12);
    }

    function test_a_lost_contradicted_or_unproven_game_earns_nothing() public {
        rewards.fund(1000 ether);
        MultiProofGame lost = _propose(TDX_KEY, OTHER_ROOT, 10, address(0));
        _prove(lost, SNP_KEY, ROOT);
        _wait(SILENCE);
        MultiProofGame bonded = _proposeBonded(ROOT, 10, address(0));
        _wait(WINDOW);
        bonded.resolve();
        _wait(AIR_GAP + 1);
        _nothing(lost);
        _nothing(bonded);
        assertEq(rewards.available(), 1000 ether);
    }

    /// @dev A key that was no prover any more when the game was won has no part of it.
    function test_a_revoked_supporter_has_no_part() public {
        rewards.fund(1000 ether);
        MultiProofGame game = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(game, TDX_GPU_KEY, ROOT);
        _prove(game, SNP_KEY, ROOT);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        _wait(FAST);
        game.resolve();
        assertEq(game.supporters().length, 2);
        _wait(AIR_GAP + 1);
        rewards.claim(game);
        assertEq(rewards.owed(intel), 0);
        assertEq(rewards.owed(amd), 5 * REWARD_PER_BLOCK);
    }

    function test_a_blacklisted_or_retired_game_gives_its_reward_back() public {
        rewards.fund(1000 ether);
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        _wait(AIR_GAP + 1);
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.ProverRewards_GameStands.selector, game));
        rewards.release(game);
        uint256 before = vm.snapshotState();
        vm.prank(guardian);
        anchors.blacklistDisputeGame(game);
        _givesBack(game);
        vm.revertToState(before);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _givesBack(game);
    }

    /// @dev The blocks of a released game are open again, but not those of a game after it, which stands.
    function test_released_blocks_earn_once_more_unless_later_ones_did() public {
        rewards.fund(1000 ether);
        MultiProofGame first = _resolved(ROOT, 10, address(0));
        MultiProofGame second = _resolved(OTHER_ROOT, 20, address(first));
        vm.startPrank(guardian);
        anchors.blacklistDisputeGame(first);
        anchors.blacklistDisputeGame(second);
        vm.stopPrank();
        rewards.release(first);
        assertEq(rewards.rewardedUpTo(), 20);
        rewards.release(second);
        assertEq(rewards.rewardedUpTo(), 10);
        assertEq(rewards.available(), 1000 ether);
    }

    function test_a_claimed_reward_is_not_released() public {
        rewards.fund(1000 ether);
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        _wait(AIR_GAP + 1);
        rewards.claim(game);
        vm.prank(guardian);
        anchors.blacklistDisputeGame(game);
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.ProverRewards_NothingReserved.selector, game));
        rewards.release(game);
    }

    function test_a_pause_delays_a_claim_and_takes_nothing() public {
        rewards.fund(1000 ether);
        vm.prank(guardian);
        systemConfig.pause();
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        _wait(AIR_GAP + 1);
        _notYet(game);
        vm.warp(systemConfig.pausedUntil());
        rewards.claim(game);
    }

    /// @dev Neither a stranger nor a copy of a game sets anything aside.
    function test_only_the_factorys_games_reserve_and_once() public {
        rewards.fund(1000 ether);
        vm.expectRevert();
        rewards.reserve();
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        _ignored(address(new Impostor(game)));
        _ignored(address(game));
    }

    function test_a_retired_or_unrespected_game_reserves_nothing() public {
        rewards.fund(1000 ether);
        MultiProofGame retired = _propose(TDX_KEY, ROOT, 10, address(0));
        _prove(retired, SNP_KEY, ROOT);
        vm.prank(guardian);
        anchors.updateRetirementTimestamp();
        _wait(FAST);
        retired.resolve();
        _admitOtherType();
        vm.prank(guardian);
        anchors.setRespectedGameType(OTHER_TYPE);
        _resolved(OTHER_ROOT, 20, address(0));
        assertEq(rewards.reserved(), 0);
        assertEq(rewards.rewardedUpTo(), 0);
    }

    function test_gifts_are_not_counted() public {
        pha.transfer(address(rewards), 5 ether);
        assertEq(rewards.available(), 0);
        _resolved(ROOT, 10, address(0));
        assertEq(rewards.reserved(), 0);
    }

    // ---- tokens and governance

    function test_a_fee_is_not_counted_as_given() public {
        FeeToken token = new FeeToken();
        ProverRewards other = new ProverRewards(token, anchors, registry, owner, 1);
        token.approve(address(other), 100);
        other.fund(100);
        assertEq(other.available(), 99);
        assertEq(token.balanceOf(address(other)), 99);
    }

    function test_a_token_that_calls_back_is_not_counted_twice() public {
        FundingToken token = new FundingToken();
        ProverRewards other = new ProverRewards(token, anchors, registry, owner, 1);
        token.approve(address(other), 100);
        token.arm(other);
        vm.expectRevert(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
        other.fund(10);
    }

    function test_only_the_owner_sets_the_rate_within_what_can_be_counted() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(this)));
        rewards.setRewardPerBlock(1);
        uint256 most = rewards.MOST_REWARD_PER_BLOCK();
        vm.startPrank(owner);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRewards.ProverRewards_RateTooHigh.selector, most + 1, most)
        );
        rewards.setRewardPerBlock(most + 1);
        rewards.setRewardPerBlock(most);
        vm.stopPrank();
        rewards.fund(3);
        MultiProofGame game = _resolved(ROOT, 43_200, address(0));
        assertEq(rewards.reservationOf(game).amount, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IProverRewards.ProverRewards_TokenHasNoCode.selector, account("nothing"))
        );
        new ProverRewards(IERC20(account("nothing")), anchors, registry, owner, 1);
    }

    function _ignored(address caller) private {
        uint256 before = rewards.reserved();
        vm.prank(caller);
        rewards.reserve();
        assertEq(rewards.reserved(), before);
    }

    function _givesBack(MultiProofGame game) private {
        _notYet(game);
        rewards.release(game);
        assertEq(rewards.available(), 1000 ether);
        assertEq(rewards.reserved(), 0);
        assertEq(rewards.rewardedUpTo(), 0);
        _nothing(game);
    }

    function _notYet(IDisputeGame game) private {
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.ProverRewards_GameNotValid.selector, game));
        rewards.claim(game);
    }

    function _nothing(IDisputeGame game) private {
        vm.expectRevert(abi.encodeWithSelector(IProverRewards.ProverRewards_NothingReserved.selector, game));
        rewards.claim(game);
    }
}

/// @notice Funds a second time from inside the first.
contract FundingToken is ERC20 {
    ProverRewards private _rewards;

    constructor() ERC20("Funding", "FND") {
        _mint(msg.sender, 1 ether);
    }

    function arm(ProverRewards rewards) external {
        _rewards = rewards;
        _mint(address(this), 10);
        _approve(address(this), address(rewards), 10);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (to == address(_rewards) && to != address(0) && from != address(this)) _rewards.fund(1);
        super._update(from, to, value);
    }
}
