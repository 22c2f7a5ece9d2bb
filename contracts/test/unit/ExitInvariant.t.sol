// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IWithdrawalQuota} from "../../src/settlement/interfaces/IWithdrawalQuota.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Types} from "../../src/types/Types.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice A final withdrawal of more than the quota, whose owner tries twice a day, against a guardian who pauses and
///         lowers the quota as he may, and others who take all room there is. It leaves within the hard limit, whatever
///         they do.
contract ExitInvariantTest is SettlementFixture {
    /// @dev The owner of the withdrawal tries this often.
    uint256 private constant PATIENCE = 12 hours;
    uint256 private constant VALUE = 2000 ether;

    Types.WithdrawalTransaction private _withdrawal;
    uint256 private _dueAt;
    uint256 private _exitedAt;
    uint256 private _outflow;
    bool private _greedy = true;

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), VALUE);
        _withdrawal = Types.WithdrawalTransaction({
            nonce: uint256(1) << 240,
            sender: account("l2 sender"),
            target: account("recipient"),
            value: VALUE,
            gasLimit: 50_000,
            data: ""
        });
        bytes32 slot = keccak256(abi.encode(Hashing.hashWithdrawal(_withdrawal), uint256(0)));
        bytes[] memory proof = new bytes[](1);
        proof[0] = abi.encodePacked(hex"e3a120", keccak256(abi.encode(slot)), hex"01");
        Types.OutputRootProof memory output = Types.OutputRootProof({
            version: 0,
            stateRoot: keccak256("state"),
            messagePasserStorageRoot: keccak256(proof[0]),
            latestBlockhash: keccak256("block")
        });
        MultiProofGame game = _propose(TDX_KEY, Hashing.hashOutputRootProof(output), 10, address(0));
        _prove(game, SNP_KEY, game.rootClaim());
        _wait(1);
        portal.proveWithdrawalTransaction(_withdrawal, 0, output, proof);
        _dueAt = block.timestamp + MATURITY;
        _wait(FAST);
        game.resolve();
        vm.warp(_dueAt + 1);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function actPause(uint32 time) external {
        vm.prank(guardian);
        try systemConfig.pause() {} catch {}
        _live(time);
    }

    function actUnpause(uint32 time) external {
        vm.prank(guardian);
        try systemConfig.unpause() {} catch {}
        _live(time);
    }

    function actLower(uint128 perDay, uint32 time) external {
        uint128 now_ = quota.quotaOf(address(0)).perDay;
        if (now_ > ETHER_FLOOR) {
            vm.prank(guardian);
            quota.setQuota(address(0), uint128(bound(perDay, ETHER_FLOOR, now_ - 1)));
        }
        _live(time);
    }

    /// @dev Others' withdrawals, due just now; from then on others may take all room, always.
    function actOthersLeave(uint128 amount, uint8 greed, uint32 time) external {
        _othersLeave(bound(amount, 1, 2 * uint256(ETHER_QUOTA)));
        _greedy = _spread(greed) % 8 != 0;
        _live(time);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_a_final_exit_leaves_within_the_hard_limit() public view {
        uint256 limit = _dueAt + quota.MAX_DELAY() + systemConfig.PAUSE_DURATION() + PATIENCE;
        assertTrue(_exitedAt != 0 || block.timestamp <= limit, "held beyond the limit");
        assertTrue(_exitedAt <= limit, "left too late");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_quota_holds_while_others_leave() public view {
        uint256 quotas = 1 + (block.timestamp - _dueAt) / 1 days + 1;
        assertTrue(_outflow <= quotas * ETHER_QUOTA + ETHER_QUOTA, "more than the quota left");
        assertTrue(quota.quotaOf(address(0)).perDay >= ETHER_FLOOR, "below the floor");
    }

    /// @dev The guardian at his worst: he pauses at the last second of the quota's delay.
    function test_the_worst_case_is_the_sum_of_both_limits() public {
        vm.warp(_dueAt + quota.MAX_DELAY() - 1);
        vm.prank(guardian);
        systemConfig.pause();
        uint256 end = systemConfig.pausedUntil();
        while (block.timestamp < end) {
            _try();
            assertEq(_exitedAt, 0);
            vm.warp(block.timestamp + PATIENCE);
        }
        _try();
        assertTrue(_exitedAt != 0, "left");
    }

    function _live(uint32 time) private {
        uint256 until = block.timestamp + _spread(time) % 3 days;
        while (block.timestamp < until) {
            IWithdrawalQuota.Quota memory now_ = quota.quotaOf(address(0));
            if (_greedy && now_.used < now_.perDay) _othersLeave(now_.perDay - now_.used);
            _try();
            uint256 next = block.timestamp + PATIENCE;
            vm.warp(next < until ? next : until);
        }
    }

    function _othersLeave(uint256 amount) private {
        vm.prank(address(portal));
        uint256 opensAt = quota.consume(address(0), amount, block.timestamp, IDisputeGame(address(0)));
        if (opensAt == block.timestamp) _outflow += amount;
        assertTrue(opensAt <= block.timestamp + quota.MAX_DELAY(), "no promise is beyond the limit");
    }

    /// @dev Fuzzed numbers like the edges of their type.
    function _spread(uint256 fuzzed) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(fuzzed)));
    }

    function _try() private {
        if (_exitedAt != 0) return;
        try portal.finalizeWithdrawalTransaction(_withdrawal) {
            _exitedAt = block.timestamp;
        } catch {}
    }
}
