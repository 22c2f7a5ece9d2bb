// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {VotingPha} from "../../src/pha/staking/VotingPha.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {StakingFixture} from "./StakingFixture.sol";

contract VotingPhaTest is StakingFixture {
    uint256 private constant ALICE_KEY = 0xA11CE;
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function test_the_first_vPHA_costs_one_PHA() public {
        assertEq(_deposit(alice, 5 * PHA), 5 * VPHA);
        assertEq(uint256(vault.decimals()), 24);
        assertEq(vault.totalAssets(), 5 * PHA);
        assertEq(bytes(vault.symbol()), "vPHA");
    }

    /// @dev The attacker is there first, with a wei, and gives the vault what he has before the victim comes.
    function testFuzz_a_donation_costs_the_victim_at_most_a_wei(uint96 seed, uint96 donation, uint96 stake) public {
        uint256 assets = bound(stake, 1, 10 ** 27);
        _deposit(bob, bound(seed, 1, PHA));
        pha.mint(address(vault), bound(donation, 1, 10 ** 27));
        uint256 shares = _deposit(alice, assets);
        assertTrue(vault.convertToAssets(shares) + 1 >= assets, "lost more than a wei");
        assertEq(vault.totalAssets(), bound(seed, 1, PHA) + assets);
    }

    /// @dev Donations that do count: into the reserve, so that they stream to whoever stakes the least that earns.
    function testFuzz_a_streamed_donation_costs_the_victim_at_most_a_wei(uint96 gift, uint96 stake) public {
        uint256 assets = bound(stake, 1, 10 ** 26);
        _deposit(bob, 1_000 * PHA);
        _fund(bound(gift, 1, 9 * 10 ** 26));
        _wait(100 * 365 days);
        uint256 shares = _deposit(alice, assets);
        assertTrue(vault.convertToAssets(shares) + 1 >= assets, "lost more than a wei");
    }

    /// @dev Of a hundred rounded steps in an empty vault each gives it a wei at most: the price is still one.
    function test_rounding_in_an_empty_vault_does_not_set_the_price() public {
        pha.mint(bob, PHA);
        vm.prank(bob);
        pha.approve(address(vault), PHA);
        for (uint256 i = 0; i < 100; ++i) {
            vm.prank(bob);
            vault.mint(1, bob);
        }
        assertTrue(vault.previewDeposit(10 ** 9 * PHA) >= (10 ** 9 - 1) * VPHA, "the price moved");
    }

    function testFuzz_deposit_then_unlock_never_profits(uint96 stake, uint96 gift, uint32 time) public {
        _deposit(bob, 5_000 * PHA);
        _fund(bound(gift, 1, 10 ** 26));
        _wait(time);
        uint256 assets = bound(stake, 10, 10 ** 26);
        uint256 shares = _deposit(alice, assets);
        uint256 id = _request(alice, shares);
        assertTrue(vault.unlockOf(id).assets <= assets, "profit");
    }

    function testFuzz_mint_then_unlock_never_profits(uint96 wanted, uint96 gift, uint32 time) public {
        _deposit(bob, 5_000 * PHA);
        _fund(bound(gift, 1, 10 ** 26));
        _wait(time);
        uint256 shares = bound(wanted, 10 ** 8, 10 ** 26);
        uint256 cost = vault.previewMint(shares);
        pha.mint(alice, cost);
        vm.prank(alice);
        pha.approve(address(vault), cost);
        vm.prank(alice);
        assertEq(vault.mint(shares, alice), cost);
        assertTrue(vault.unlockOf(_request(alice, shares)).assets <= cost, "profit");
    }

    /// @dev Nobody has to call anything for the price to have the rewards, so to come just before they arrive gains nothing.
    function test_a_deposit_before_the_collection_takes_no_part_of_it() public {
        _deposit(bob, 1_000_000 * PHA);
        _fund(1_000_000 * PHA);
        _wait(10 days);
        uint256 before = vault.previewRedeem(1_000_000 * VPHA);
        uint256 shares = _deposit(alice, 1_000_000 * PHA);
        assertTrue(vault.previewRedeem(shares) <= 1_000_000 * PHA, "the sandwich paid");
        assertTrue(vault.previewRedeem(1_000_000 * VPHA) >= before, "the staker paid for it");
    }

    function test_nobody_leaves_at_once() public {
        uint256 shares = _deposit(alice, PHA);
        assertEq(vault.maxWithdraw(alice), 0);
        assertEq(vault.maxRedeem(alice), 0);
        vm.prank(alice);
        vm.expectRevert(IVotingPha.VotingPha_UnlockFirst.selector);
        vault.redeem(shares, alice, alice);
        vm.prank(alice);
        vm.expectRevert(IVotingPha.VotingPha_UnlockFirst.selector);
        vault.withdraw(PHA, alice, alice);
        vm.prank(alice);
        vm.expectRevert(IVotingPha.VotingPha_UnlockFirst.selector);
        vault.withdraw(0, alice, alice);
    }

    function test_a_request_is_paid_to_its_receiver_by_anyone_from_its_second_on() public {
        uint256 shares = _deposit(alice, 10 * PHA);
        vm.prank(alice);
        uint256 id = vault.requestUnlock(shares, carol);
        assertEq(vault.unlockOf(id).unlockAt, START + 21 days);
        vm.warp(START + 21 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVotingPha.VotingPha_StillLocked.selector, id, START + 21 days)
        );
        vault.claim(id);
        vm.warp(START + 21 days);
        vm.prank(bob);
        vault.claim(id);
        assertEq(pha.balanceOf(carol), 10 * PHA);
        assertEq(vault.unlockingAssets(), 0);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NoSuchUnlock.selector, id));
        vault.claim(id);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_a_new_period_moves_no_pending_request(uint32 period) public {
        uint256 id = _request(alice, _deposit(alice, 10 * PHA));
        uint256 chosen = bound(period, vault.LEAST_UNLOCK_PERIOD(), vault.MOST_UNLOCK_PERIOD());
        vm.prank(timelock);
        vault.setUnlockPeriod(chosen);
        assertEq(vault.unlockOf(id).unlockAt, START + 21 days);
        uint256 later = _request(bob, _deposit(bob, 10 * PHA));
        assertEq(vault.unlockOf(later).unlockAt, START + chosen);
    }

    /// forge-config: default.fuzz.runs = 32
    function testFuzz_no_period_out_of_bounds(uint256 period) public {
        uint256 least = vault.LEAST_UNLOCK_PERIOD();
        uint256 most = vault.MOST_UNLOCK_PERIOD();
        if (period >= least && period <= most) period = most + 1;
        vm.expectRevert(
            abi.encodeWithSelector(IVotingPha.VotingPha_UnlockPeriodOutOfBounds.selector, period, least, most)
        );
        vm.prank(timelock);
        vault.setUnlockPeriod(period);
    }

    function test_only_the_timelock_sets_the_period() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, alice));
        vm.prank(alice);
        vault.setUnlockPeriod(10 days);
    }

    function test_a_cancelled_request_is_a_deposit_of_that_moment() public {
        _deposit(bob, 1_000_000 * PHA);
        uint256 shares = _deposit(alice, 1_000 * PHA);
        uint256 id = _request(alice, shares);
        uint256 fixed_ = vault.unlockOf(id).assets;
        _fund(1_000_000 * PHA);
        _wait(20 days);
        uint256 asADeposit = vault.previewDeposit(fixed_);
        vm.prank(alice);
        assertEq(vault.cancelUnlock(id), asADeposit);
        assertTrue(asADeposit < shares, "it earned while it was on its way out");
        assertEq(vault.balanceOf(alice), asADeposit);
        assertEq(vault.getVotes(alice), asADeposit);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NoSuchUnlock.selector, id));
        vm.prank(alice);
        vault.cancelUnlock(id);
    }

    function test_a_matured_request_can_be_cancelled_until_it_is_claimed() public {
        uint256 id = _request(alice, _deposit(alice, 10 * PHA));
        _wait(30 days);
        vm.prank(alice);
        vault.cancelUnlock(id);
        assertEq(vault.balanceOf(alice), 10 * VPHA);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NoSuchUnlock.selector, id));
        vault.claim(id);
    }

    function test_only_the_owner_cancels() public {
        uint256 shares = _deposit(alice, 10 * PHA);
        vm.prank(alice);
        uint256 id = vault.requestUnlock(shares, carol);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NotTheOwner.selector, id, carol));
        vm.prank(carol);
        vault.cancelUnlock(id);
    }

    /// @dev Whatever others do, a queue has only requests that its owner made; when it is full he can cancel one.
    function test_a_queue_is_bounded_and_only_its_owner_fills_it() public {
        _deposit(alice, 100 * PHA);
        _deposit(bob, 100 * PHA);
        for (uint256 i = 0; i < vault.MOST_UNLOCKS(); ++i) {
            vm.prank(alice);
            vault.requestUnlock(VPHA, bob);
        }
        assertEq(vault.unlocksOf(alice).length, vault.MOST_UNLOCKS());
        assertEq(vault.unlocksOf(bob).length, 0);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_TooManyUnlocks.selector, alice, 32));
        vm.prank(alice);
        vault.requestUnlock(VPHA, alice);
        _request(bob, VPHA);
        vm.prank(alice);
        vault.cancelUnlock(7);
        _request(alice, VPHA);
    }

    function test_a_request_needs_shares_worth_something_and_a_receiver() public {
        _deposit(alice, PHA);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAmount.selector);
        _request(alice, 0);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAmount.selector);
        _request(alice, 10 ** 6 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, VPHA, VPHA + 10 ** 10)
        );
        this.request(alice, VPHA + 10 ** 10, alice);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAddress.selector);
        this.request(alice, VPHA, address(0));
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NotAHolder.selector, address(vault)));
        this.request(alice, VPHA, address(vault));
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NotAHolder.selector, address(pledges)));
        this.request(alice, VPHA, address(pledges));
    }

    function request(address owner, uint256 shares, address receiver) external {
        vm.prank(owner);
        vault.requestUnlock(shares, receiver);
    }

    function test_deposits_of_nothing_are_refused() public {
        vm.expectRevert(IVotingPha.VotingPha_ZeroAmount.selector);
        vault.deposit(0, alice);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAmount.selector);
        vault.mint(0, alice);
    }

    function test_shares_go_to_nobody_who_would_lose_them() public {
        _deposit(alice, PHA);
        address[2] memory lost = [address(vault), address(pledges)];
        for (uint256 i = 0; i < lost.length; ++i) {
            assertEq(vault.maxDeposit(lost[i]), 0);
            assertEq(vault.maxMint(lost[i]), 0);
            vm.expectRevert(
                abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, lost[i], PHA, 0)
            );
            vault.deposit(PHA, lost[i]);
            vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NotAHolder.selector, lost[i]));
            vm.prank(alice);
            vault.transfer(lost[i], VPHA);
        }
    }

    function test_more_than_any_supply_is_not_accepted() public {
        uint256 most = vault.maxDeposit(alice);
        assertEq(most, type(uint96).max);
        vm.expectRevert(
            abi.encodeWithSelector(ERC4626.ERC4626ExceededMaxDeposit.selector, alice, most + 1, most)
        );
        vault.deposit(most + 1, alice);
        _deposit(alice, most);
        assertEq(vault.maxDeposit(alice), 0);
        _request(alice, vault.balanceOf(alice));
        assertEq(vault.maxDeposit(alice), 0);
    }

    function test_only_the_pledges_lock_return_and_slash() public {
        _deposit(alice, PHA);
        bytes memory refusal = abi.encodeWithSelector(IVotingPha.VotingPha_NotThePledges.selector, timelock);
        vm.expectRevert(refusal);
        vm.prank(timelock);
        vault.lockPledge(alice, VPHA);
        vm.expectRevert(refusal);
        vm.prank(timelock);
        vault.returnPledge(alice, VPHA);
        vm.expectRevert(refusal);
        vm.prank(timelock);
        vault.slashPledge(alice, VPHA);
    }

    /// @dev Not even the pledges reach stake that its owner has not approved for them or not pledged.
    function test_the_pledges_take_only_what_was_approved_and_burn_only_what_was_pledged() public {
        _deposit(alice, PHA);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(pledges), 0, VPHA)
        );
        vm.prank(address(pledges));
        vault.lockPledge(alice, VPHA);
        bytes memory refusal = abi.encodeWithSelector(IVotingPha.VotingPha_NotPledged.selector, alice, VPHA, 0);
        vm.expectRevert(refusal);
        vm.prank(address(pledges));
        vault.slashPledge(alice, VPHA);
        vm.expectRevert(refusal);
        vm.prank(address(pledges));
        vault.returnPledge(alice, VPHA);
    }

    function test_a_vault_needs_a_token_with_code_and_its_neighbours() public {
        IERC20 codeless = IERC20(account("no token"));
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_TokenHasNoCode.selector, codeless));
        new VotingPha(codeless, distributor, address(pledges), timelock);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAddress.selector);
        new VotingPha(pha, IRewardDistributor(address(0)), address(pledges), timelock);
        vm.expectRevert(IVotingPha.VotingPha_ZeroAddress.selector);
        new VotingPha(pha, distributor, address(0), timelock);
    }

    function test_a_permit_pays_the_deposit_even_when_somebody_used_it_first() public {
        address signer = vm.addr(ALICE_KEY);
        pha.mint(signer, 3 * PHA);
        (uint8 v, bytes32 r, bytes32 s) = _permit(2 * PHA);
        vm.prank(signer);
        assertEq(vault.depositWithPermit(2 * PHA, signer, block.timestamp, v, r, s), 2 * VPHA);
        (v, r, s) = _permit(PHA);
        vm.prank(bob);
        pha.permit(signer, address(vault), PHA, block.timestamp, v, r, s);
        vm.prank(signer);
        assertEq(vault.depositWithPermit(PHA, signer, block.timestamp, v, r, s), VPHA);
    }

    function test_anothers_permit_pays_nothing() public {
        pha.mint(vm.addr(ALICE_KEY), PHA);
        pha.mint(bob, PHA);
        (uint8 v, bytes32 r, bytes32 s) = _permit(PHA);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, PHA)
        );
        vm.prank(bob);
        vault.depositWithPermit(PHA, bob, block.timestamp, v, r, s);
        _wait(1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(vault), 0, PHA)
        );
        vm.prank(vm.addr(ALICE_KEY));
        vault.depositWithPermit(PHA, bob, block.timestamp - 1, v, r, s);
    }

    function _permit(uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        address signer = vm.addr(ALICE_KEY);
        bytes32 hash = keccak256(
            abi.encode(
                PERMIT_TYPEHASH, signer, address(vault), amount, pha.nonces(signer), block.timestamp
            )
        );
        return vm.sign(ALICE_KEY, keccak256(abi.encodePacked(hex"1901", pha.DOMAIN_SEPARATOR(), hash)));
    }
}
