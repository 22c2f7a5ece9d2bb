// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {WithdrawalQuota} from "../../src/settlement/WithdrawalQuota.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {IWithdrawalQuota} from "../../src/settlement/interfaces/IWithdrawalQuota.sol";
import {Base} from "./Base.sol";

/// @notice Stands for SystemConfig's guardian.
contract GuardianDouble {
    address public immutable guardian;

    constructor(address guardian_) {
        guardian = guardian_;
    }
}

/// @notice A game that says of itself whether it exceeds the threshold.
contract VerdictDouble {
    bool public immutable exceedsThreshold;

    constructor(bool exceeds) {
        exceedsThreshold = exceeds;
    }
}

/// @notice The buckets. This contract is the portal.
contract WithdrawalQuotaTest is Base {
    uint128 private constant PER_DAY = 100 ether;
    uint128 private constant FLOOR = 10 ether;
    uint256 private constant DAY = 1 days;
    IDisputeGame private constant UNKNOWN = IDisputeGame(address(0));

    address private owner = account("owner");
    address private guardian = account("guardian");
    address private bridge = account("bridge");
    address private token = account("token");
    WithdrawalQuota private quota;

    function setUp() public {
        vm.warp(100 days);
        ISystemConfig config = ISystemConfig(address(new GuardianDouble(guardian)));
        quota = new WithdrawalQuota(address(this), bridge, config, owner, PER_DAY, FLOOR);
    }

    // ---- within a day's quota

    function test_a_day_gives_a_quota_at_once_and_drains_it_evenly() public {
        _passes(60 ether);
        _passes(40 ether);
        assertEq(quota.quotaOf(address(0)).used, 100 ether);
        _waits(1, 1);
        _waits(25 ether, DAY / 4);
        vm.warp(block.timestamp + DAY / 4);
        _passes(25 ether);
        _waits(100 ether, DAY);
        vm.warp(block.timestamp + DAY);
        _passes(100 ether);
    }

    function test_what_waits_is_not_counted() public {
        _passes(100 ether);
        for (uint256 i = 0; i < 5; ++i) _waits(50 ether, DAY / 2);
        assertEq(quota.quotaOf(address(0)).used, 100 ether);
    }

    /// @dev However often the bucket is touched, it drains by the quota, to the second.
    function test_dust_every_second_does_not_keep_the_bucket_full() public {
        vm.prank(owner);
        quota.list(token, 3, 1);
        uint256 passed;
        for (uint256 i = 0; i < 300; ++i) {
            vm.prank(bridge);
            if (quota.consume(token, 1, block.timestamp, UNKNOWN) == block.timestamp) ++passed;
            vm.warp(block.timestamp + 576);
        }
        // Three at once and three for each day, of which the last comes when the second day is over.
        assertEq(passed, 8);
        vm.prank(bridge);
        assertEq(quota.consume(token, 1, block.timestamp, UNKNOWN), block.timestamp);
    }

    // ---- more than a quota

    function test_a_multiple_waits_as_many_days_as_it_has_quotas_beyond_the_first() public {
        uint256 dueAt = block.timestamp;
        _refused(250 ether, dueAt, dueAt + 3 * DAY / 2);
        vm.warp(dueAt + 3 * DAY / 2);
        assertEq(quota.consume(address(0), 250 ether, dueAt, UNKNOWN), block.timestamp);
        // And takes the room of as many days from those after it.
        _waits(1 ether, 3 * DAY / 2 + DAY / 100);
    }

    function test_a_multiple_waits_for_the_bucket_to_be_empty() public {
        uint256 dueAt = block.timestamp - 2 * DAY;
        _passes(30 ether);
        _refused(250 ether, dueAt, block.timestamp + 3 * DAY / 10);
        vm.warp(block.timestamp + 3 * DAY / 10);
        assertEq(quota.consume(address(0), 250 ether, dueAt, UNKNOWN), block.timestamp);
    }

    /// @dev Everything in one withdrawal, or in many: either way days pass first.
    function test_splitting_gains_nothing_over_the_bucket() public {
        uint256 dueAt = block.timestamp;
        uint256 left;
        for (uint256 hour = 0; hour < 7 * 24; ++hour) {
            for (uint256 size = 7; size > 0; --size) {
                uint256 amount = size * PER_DAY;
                if (quota.consume(address(0), amount, dueAt, UNKNOWN) == block.timestamp) left += amount;
            }
            vm.warp(block.timestamp + 1 hours);
        }
        assertTrue(left <= 8 * uint256(PER_DAY), "a burst of one and seven days");
    }

    // ---- the hard limit

    function test_nothing_waits_longer_than_the_hard_limit() public {
        uint256 dueAt = block.timestamp;
        uint256 limit = dueAt + quota.MAX_DELAY();
        _refused(type(uint256).max, dueAt, limit);
        vm.warp(limit - 1);
        _refused(type(uint256).max, dueAt, limit);
        vm.warp(limit);
        // Not even behind others that filled the bucket in the meantime.
        _passes(100 ether);
        assertEq(quota.consume(address(0), type(uint256).max, dueAt, UNKNOWN), block.timestamp);
        assertEq(quota.consume(address(0), 1 ether, dueAt, UNKNOWN), block.timestamp);
        _waits(1 ether, 6 * DAY + DAY / 100);
    }

    // ---- who is not limited

    function test_a_game_beyond_the_threshold_passes_and_takes_no_room() public {
        IDisputeGame broad = IDisputeGame(address(new VerdictDouble(true)));
        assertEq(quota.consume(address(0), 1000 ether, block.timestamp, broad), block.timestamp);
        assertEq(quota.passesAt(address(0), 1000 ether, block.timestamp, broad), block.timestamp);
        assertEq(quota.quotaOf(address(0)).used, 0);
    }

    /// @dev A game that cannot answer must not hold an exit beyond the limit, nor be free of the quota.
    function test_a_game_that_does_not_know_the_question_is_limited() public {
        IDisputeGame[2] memory games =
            [IDisputeGame(address(new VerdictDouble(false))), IDisputeGame(address(new GuardianDouble(owner)))];
        _passes(100 ether);
        for (uint256 i = 0; i < games.length; ++i) {
            assertEq(quota.consume(address(0), 1 ether, block.timestamp, games[i]), block.timestamp + DAY / 100);
        }
    }

    function test_an_asset_that_is_not_listed_has_no_limit() public {
        vm.prank(bridge);
        assertEq(quota.consume(token, type(uint256).max, block.timestamp, UNKNOWN), block.timestamp);
        assertEq(quota.quotaOf(token).perDay, 0);
        assertEq(quota.quotaOf(token).used, 0);
    }

    function test_each_asset_has_its_own_bucket() public {
        vm.prank(owner);
        quota.list(token, 5, 1);
        _passes(100 ether);
        vm.prank(bridge);
        assertEq(quota.consume(token, 5, block.timestamp, UNKNOWN), block.timestamp);
        assertEq(quota.quotaOf(token).used, 5);
    }

    // ---- who may say so

    function test_only_the_portal_consumes_ether_and_only_the_bridge_tokens() public {
        address[3] memory wrong = [account("anyone"), bridge, owner];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.prank(wrong[i]);
            _expectUnauthorized(wrong[i]);
            quota.consume(address(0), 1, block.timestamp, UNKNOWN);
        }
        _expectUnauthorized(address(this));
        quota.consume(token, 1, block.timestamp, UNKNOWN);
    }

    function test_the_owner_raises_the_guardian_lowers_and_nobody_goes_below_the_floor() public {
        vm.startPrank(owner);
        quota.setQuota(address(0), 500 ether);
        quota.setQuota(address(0), 200 ether);
        vm.expectRevert(
            abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_BelowFloor.selector, FLOOR - 1, FLOOR)
        );
        quota.setQuota(address(0), FLOOR - 1);
        vm.stopPrank();

        vm.startPrank(guardian);
        quota.setQuota(address(0), FLOOR);
        for (uint128 more = 0; more < 2; ++more) {
            _expectUnauthorized(guardian);
            quota.setQuota(address(0), FLOOR + more);
        }
        vm.expectRevert(
            abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_BelowFloor.selector, uint256(0), FLOOR)
        );
        quota.setQuota(address(0), 0);
        vm.stopPrank();

        _expectUnauthorized(address(this));
        quota.setQuota(address(0), 20 ether);
        assertEq(quota.quotaOf(address(0)).perDay, FLOOR);
    }

    function test_only_the_owner_lists_each_asset_once_and_with_a_floor() public {
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, guardian));
        quota.list(token, 5, 1);
        vm.startPrank(owner);
        vm.expectRevert(IWithdrawalQuota.WithdrawalQuota_ZeroFloor.selector);
        quota.list(token, 5, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_BelowFloor.selector, uint256(4), uint256(5))
        );
        quota.list(token, 4, 5);
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_NotListed.selector, token));
        quota.setQuota(token, 5);
        quota.list(token, 5, 1);
        vm.expectRevert(abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_AlreadyListed.selector, token));
        quota.list(token, 5, 1);
        vm.stopPrank();
    }

    /// @dev The deploying configuration must name everybody.
    function test_an_incomplete_quota_is_not_made() public {
        ISystemConfig config = ISystemConfig(address(new GuardianDouble(guardian)));
        bytes4 zero = IWithdrawalQuota.WithdrawalQuota_ZeroAddress.selector;
        vm.expectRevert(zero);
        new WithdrawalQuota(address(0), bridge, config, owner, PER_DAY, FLOOR);
        vm.expectRevert(zero);
        new WithdrawalQuota(address(this), address(0), config, owner, PER_DAY, FLOOR);
        vm.expectRevert(zero);
        new WithdrawalQuota(address(this), bridge, ISystemConfig(address(0)), owner, PER_DAY, FLOOR);
    }

    /// @dev A lowered quota holds at once; what had left before is no debt of more than the limit.
    function test_a_changed_quota_counts_what_left_before() public {
        _passes(100 ether);
        vm.prank(guardian);
        quota.setQuota(address(0), FLOOR);
        assertEq(quota.quotaOf(address(0)).used, 70 ether);
        _waits(1 ether, 61 * DAY / 10);
        vm.prank(owner);
        quota.setQuota(address(0), 1000 ether);
        _passes(930 ether);
    }

    // ---- the whole of it, at random

    /// @dev Against the plain rule: within the last `t` seconds no more than a day's quota and what drains in `t` has left,
    ///      and each withdrawal passes when it was told, if nobody else came between.
    function testFuzz_outflow_is_bounded_and_promises_are_kept(uint256 seed) public {
        uint256 start = block.timestamp;
        uint256 left;
        for (uint256 i = 0; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 amount = seed % (2 * PER_DAY);
            uint256 dueAt = block.timestamp;
            uint256 opensAt = quota.passesAt(address(0), amount, dueAt, UNKNOWN);
            assertTrue(opensAt >= block.timestamp && opensAt <= dueAt + quota.MAX_DELAY(), "within the limit");
            if (seed & (1 << 200) != 0) vm.warp(opensAt);
            if (quota.consume(address(0), amount, dueAt, UNKNOWN) == block.timestamp) left += amount;
            else assertTrue(opensAt > block.timestamp, "a promise is kept");
            uint256 most = 2 * PER_DAY + PER_DAY * (block.timestamp - start) / DAY;
            if (block.timestamp - start < quota.MAX_DELAY()) assertTrue(left <= most, "bounded");
            vm.warp(block.timestamp + (seed >> 100) % (DAY / 4));
        }
    }

    function _passes(uint256 amount) private {
        assertEq(quota.passesAt(address(0), amount, block.timestamp, UNKNOWN), block.timestamp);
        assertEq(quota.consume(address(0), amount, block.timestamp, UNKNOWN), block.timestamp);
    }

    function _waits(uint256 amount, uint256 time) private {
        _refused(amount, block.timestamp, block.timestamp + time);
    }

    function _refused(uint256 amount, uint256 dueAt, uint256 opensAt) private {
        assertEq(quota.passesAt(address(0), amount, dueAt, UNKNOWN), opensAt);
        assertEq(quota.consume(address(0), amount, dueAt, UNKNOWN), opensAt);
    }

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(IWithdrawalQuota.WithdrawalQuota_Unauthorized.selector, caller)
        );
    }
}
