// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IRewardDistributor} from "../../src/pha/staking/interfaces/IRewardDistributor.sol";
import {IVotingPha} from "../../src/pha/staking/interfaces/IVotingPha.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice PHA calls nobody; the contracts are built as if it did. This one calls the watcher before and after each
///         movement, and may keep a part of it.
contract CallingToken is ERC20 {
    StakingReentrancyTest private immutable WATCHER;
    bool public calls;
    bool public keepsAPart;

    constructor(StakingReentrancyTest watcher) ERC20("Calling", "CALL") {
        WATCHER = watcher;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function set(bool calls_, bool keepsAPart_) external {
        (calls, keepsAPart) = (calls_, keepsAPart_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (calls) WATCHER.onMovement();
        super._update(from, to, amount);
        if (keepsAPart && to != address(0)) super._update(to, address(0), 1);
        if (calls) WATCHER.onMovement();
    }
}

contract StakingReentrancyTest is StakingFixture {
    CallingToken private _token;
    Staking private _staking;
    uint256 private _id;
    uint256 private _pledgeId;
    uint256 private _movements;
    uint256 private _price;
    bool private _vaultIsBusy;
    bool private _distributorIsBusy;
    bool private _pledgesAreBusy;

    function setUp() public override {
        super.setUp();
        _token = new CallingToken(this);
        _staking = _deploy(_token);
        (vault, distributor, pledges) = (_staking.vault, _staking.distributor, _staking.pledges);
        _token.mint(address(this), 1_000_000 * PHA);
        _token.approve(address(vault), type(uint256).max);
        _token.approve(address(distributor), type(uint256).max);
        vault.deposit(10_000 * PHA, address(this));
        vault.approve(address(pledges), type(uint256).max);
        _pledgeId = pledges.pledge(H100, 1_250 * VPHA);
        vm.prank(admitter);
        pledges.admit(_pledgeId, "device");
        distributor.fund(100_000 * PHA);
        _wait(21 days);
        _id = vault.requestUnlock(VPHA, address(this));
        _wait(21 days);
        distributor.fund(100_000 * PHA);
        _wait(10_000);
        _token.set(true, false);
        _price = vault.convertToAssets(VPHA);
    }

    /// @dev Called in the middle of things: nobody sees another price, and no second door is open.
    function onMovement() external {
        ++_movements;
        assertEq(vault.convertToAssets(VPHA), _price);
        if (_vaultIsBusy) {
            _expectBusy(address(vault), abi.encodeCall(vault.deposit, (PHA, address(this))));
            _expectBusy(address(vault), abi.encodeCall(vault.mint, (VPHA, address(this))));
            _expectBusy(address(vault), abi.encodeCall(vault.requestUnlock, (VPHA, address(this))));
            _expectBusy(address(vault), abi.encodeCall(vault.claim, (_id)));
            _expectBusy(address(vault), abi.encodeCall(vault.cancelUnlock, (_id)));
            _expectBusy(address(pledges), abi.encodeCall(pledges.pledge, (H100, 2_000 * VPHA)));
        }
        if (_distributorIsBusy) {
            _expectBusy(address(distributor), abi.encodeCall(distributor.fund, (1)));
            _expectBusy(address(distributor), abi.encodeCall(distributor.payTreasury, ()));
            _expectBusy(address(vault), abi.encodeCall(vault.deposit, (PHA, address(this))));
        }
        if (_distributorIsBusy || _pledgesAreBusy) {
            _expectBusy(address(pledges), abi.encodeCall(pledges.claimRewards, (_pledgeId, address(this))));
        }
        if (_pledgesAreBusy) {
            _expectBusy(address(pledges), abi.encodeCall(pledges.restakeRewards, (_pledgeId)));
            _expectBusy(address(pledges), abi.encodeCall(pledges.unbond, (_pledgeId)));
            _expectBusy(address(pledges), abi.encodeCall(pledges.topUp, (_pledgeId, VPHA)));
            _expectBusy(address(pledges), abi.encodeCall(pledges.refresh, (_pledgeId)));
        }
    }

    function test_nothing_is_entered_during_a_deposit() public {
        _vaultIsBusy = true;
        vault.deposit(PHA, address(this));
        // The rewards' way to the vault, then the deposit's.
        assertEq(_movements, 4);
    }

    function test_nothing_is_entered_during_a_request() public {
        _vaultIsBusy = true;
        vault.requestUnlock(VPHA, address(this));
        assertEq(_movements, 2);
    }

    function test_nothing_is_entered_during_a_claim() public {
        _vaultIsBusy = true;
        vault.claim(_id);
        assertEq(_movements, 2);
    }

    function test_nothing_is_entered_during_a_cancellation() public {
        _vaultIsBusy = true;
        vault.cancelUnlock(_id);
        assertEq(_movements, 2);
    }

    function test_nothing_is_entered_during_a_slash() public {
        _pledgesAreBusy = true;
        vm.prank(timelock);
        pledges.slash(_pledgeId, VPHA, "offence", block.timestamp);
        // Out to the providers, the stakers, and the slashed PHA to the reserve.
        assertEq(_movements, 6);
    }

    function test_nothing_is_entered_during_a_gift() public {
        _distributorIsBusy = true;
        distributor.fund(PHA);
        assertEq(_movements, 2);
    }

    function test_nothing_is_entered_during_a_payment() public {
        _distributorIsBusy = true;
        distributor.payTreasury();
        assertEq(_movements, 2);
    }

    function test_rewards_are_not_taken_twice() public {
        _pledgesAreBusy = true;
        uint256 due = pledges.rewardsOf(_pledgeId);
        uint256 before = _token.balanceOf(carol);
        assertEq(pledges.claimRewards(_pledgeId, carol), due);
        assertEq(_token.balanceOf(carol), before + due);
        assertEq(pledges.rewardsOf(_pledgeId), 0);
    }

    function test_a_token_that_keeps_a_part_is_refused_by_name() public {
        vault.deposit(PHA, address(this));
        _token.set(false, true);
        vm.expectRevert(abi.encodeWithSelector(IVotingPha.VotingPha_NotReceived.selector, PHA - 1, PHA));
        vault.deposit(PHA, address(this));
        uint256 funded = distributor.totalFunded();
        distributor.fund(PHA);
        assertEq(distributor.totalFunded(), funded + PHA - 1);
        vm.expectRevert(IRewardDistributor.RewardDistributor_NothingGiven.selector);
        distributor.fund(1);
    }

    function _expectBusy(address target, bytes memory data) private {
        (bool success, bytes memory answer) = target.call(data);
        assertFalse(success, "entered");
        assertEq(bytes4(answer), ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector);
    }
}
