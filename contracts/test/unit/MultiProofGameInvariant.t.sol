// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Random proofs, contradictions, revocations, waits and resolutions over many games. Whenever a game is won, an
///         own count over the supporters and the registry's raw records says whether it was allowed to be. Bonds and rewards
///         are claimed, withdrawn and released at random as well, and every unit of them is accounted for.
contract MultiProofGameInvariantTest is SettlementFixture {
    MultiProofGame[] private _games;
    uint256 private _wins;
    uint256 private _unjustified;
    uint256 private _contradictedWins;
    uint256 private _highestAnchor;
    bool private _anchorFell;
    uint256[4] private _keys = [TDX_KEY, TDX_KEY_2, SNP_KEY, TDX_GPU_KEY];
    /// @dev The keys' addresses: to derive them after each call took most of the time of a long run.
    address[4] private _provers;
    uint256 private _given;
    uint256 private _paidOut;
    mapping(MultiProofGame game => uint256) private _claimed;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 4; ++i) _provers[i] = vm.addr(_keys[i]);
        _games.push(_propose(TDX_KEY, ROOT, 10, address(0)));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    function actPropose(uint8 key, uint8 root, bool child) external {
        address parent = child ? address(_games[root % _games.length]) : address(0);
        bytes32 head = blockhash(block.number - 1);
        uint256 number = (child ? MultiProofGame(parent).l2BlockNumber() : 0) + 1 + _games.length;
        bytes32 claimed = keccak256(abi.encode(root % 3, number));
        bytes memory signature =
            _signature(_keys[key % 4], _claim(head, _rootOf(parent), claimed, number));
        try factory.createWithProof(
            GAME_TYPE, claimed, abi.encode(number, parent), head, uint64(block.number - 1), signature
        ) {
            _remember();
        } catch {}
        _wait(1);
    }

    function actProposeBonded(uint8 root) external {
        uint256 number = 1 + _games.length;
        bytes32 claimed = keccak256(abi.encode(root % 3, number));
        pha.approve(address(factory), BOND);
        try factory.create(GAME_TYPE, claimed, abi.encode(number, address(0))) {
            _remember();
        } catch {}
    }

    function actProve(uint8 which, uint8 key) external {
        MultiProofGame game = _games[which % _games.length];
        try game.prove(game.rootClaim(), _gameSignature(game, _keys[key % 4], game.rootClaim())) {} catch {}
    }

    function actContradict(uint8 which, uint8 key) external {
        if (which % 8 != 0) return;
        MultiProofGame game = _games[which % _games.length];
        try game.prove(OTHER_ROOT, _gameSignature(game, _keys[key % 4], OTHER_ROOT)) {} catch {}
    }

    function actRevoke(uint8 key) external {
        if (key % 16 > 3 || !registry.isValid(_provers[key % 4])) return;
        vm.prank(guardian);
        registry.revoke(_provers[key % 4]);
    }

    function actWait(uint16 time) external {
        _wait(1 + uint256(time) % SILENCE);
    }

    function actResolve(uint8 which) external {
        MultiProofGame game = _games[which % _games.length];
        try game.resolve() returns (GameStatus status) {
            if (status != GameStatus.DEFENDER_WINS) return;
            ++_wins;
            if (game.contradicted()) ++_contradictedWins;
            if (!_mayWin(game)) ++_unjustified;
        } catch {}
    }

    function actAnchor(uint8 which) external {
        try anchors.setAnchorState(_games[which % _games.length]) {} catch {}
        (, uint256 number) = anchors.getAnchorRoot();
        if (number < _highestAnchor) _anchorFell = true;
        else _highestAnchor = number;
    }

    function actBlacklist(uint8 which) external {
        if (which % 16 > 1) return;
        vm.prank(guardian);
        anchors.blacklistDisputeGame(_games[which % _games.length]);
    }

    function actClaimBond(uint8 which, uint8 whom) external {
        MultiProofGame game = _games[which % _games.length];
        address claimant = _claimant(whom);
        uint256 before = pha.balanceOf(claimant);
        try game.claimCredit(claimant) {
            _claimed[game] += pha.balanceOf(claimant) - before;
        } catch {}
    }

    function actGive(uint64 amount) external {
        pha.approve(address(rewards), amount);
        rewards.fund(amount);
        _given += amount;
    }

    function actClaimReward(uint8 which) external {
        try rewards.claim(_games[which % _games.length]) {} catch {}
    }

    function actReleaseReward(uint8 which) external {
        try rewards.release(_games[which % _games.length]) {} catch {}
    }

    function actWithdrawReward(uint8 whom) external {
        address claimant = _claimant(whom);
        uint256 owed = rewards.owed(claimant);
        try rewards.withdraw(claimant) {
            _paidOut += owed;
        } catch {}
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_a_win_has_two_vendors_or_the_slow_or_the_bonded_conditions() public view {
        assertEq(_unjustified, 0);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_a_contradicted_game_never_wins() public view {
        assertEq(_contradictedWins, 0);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_anchor_never_goes_backwards() public view {
        assertFalse(_anchorFell, "the anchor fell");
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_a_game_holds_its_bond_until_it_is_claimed() public view {
        for (uint256 i = 0; i < _games.length; ++i) {
            MultiProofGame game = _games[i];
            assertEq(pha.balanceOf(address(game)) + _claimed[game], game.bonded() ? BOND : 0);
            if (game.status() == GameStatus.IN_PROGRESS) assertEq(_claimed[game], 0);
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_rewards_are_what_was_given_and_nothing_more() public view {
        uint256 held = rewards.available() + rewards.reserved() + rewards.totalOwed();
        assertEq(held, pha.balanceOf(address(rewards)));
        assertEq(held + _paidOut, _given);
        uint256 owed;
        for (uint8 i = 0; i < 4; ++i) owed += rewards.owed(_provers[i]);
        assertEq(rewards.totalOwed(), owed);
        uint256 reserved;
        for (uint256 i = 0; i < _games.length; ++i) {
            uint256 amount = rewards.reservationOf(_games[i]).amount;
            reserved += amount;
            assertTrue(amount == 0 || _games[i].status() == GameStatus.DEFENDER_WINS, "reserved for no win");
        }
        assertEq(rewards.reserved(), reserved);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_no_block_is_reserved_for_twice() public view {
        uint256 blocks;
        for (uint256 i = 0; i < _games.length; ++i) {
            if (anchors.isGameBlacklisted(_games[i])) continue;
            blocks += rewards.reservationOf(_games[i]).blocks;
        }
        assertTrue(blocks <= rewards.rewardedUpTo(), "a block was paid twice");
    }

    function test_the_handler_reaches_every_kind_of_payment() public {
        this.actGive(type(uint64).max);
        this.actProve(0, 2);
        this.actWait(uint16(FAST));
        this.actResolve(0);
        this.actWait(uint16(AIR_GAP));
        this.actClaimReward(0);
        this.actWithdrawReward(0);
        assertTrue(_paidOut != 0, "a reward");
        this.actWait(uint16(SILENCE - 1));
        this.actProposeBonded(1);
        _prove(_games[1], TDX_KEY, OTHER_ROOT);
        this.actWait(uint16(AIR_GAP));
        this.actClaimBond(1, 0);
        this.actClaimBond(1, 4);
        assertEq(_claimed[_games[1]], BOND);
        invariant_rewards_are_what_was_given_and_nothing_more();
        invariant_a_game_holds_its_bond_until_it_is_claimed();
    }

    function test_the_handler_reaches_every_kind_of_win() public {
        this.actProve(0, 2);
        this.actWait(uint16(FAST));
        this.actResolve(0);
        assertEq(_wins, 1);
        this.actWait(uint16(SILENCE - 1));
        this.actProposeBonded(1);
        for (uint256 i = 0; i < 3; ++i) this.actWait(uint16(SILENCE - 1));
        this.actResolve(1);
        this.actPropose(2, 0, false);
        this.actWait(uint16(SLOW));
        this.actResolve(2);
        assertEq(_wins, 3);
        this.actAnchor(0);
        assertEq(_unjustified, 0);
    }

    /// @dev A prover, the treasury, or this contract, which posts the bonds.
    function _claimant(uint8 whom) private view returns (address) {
        if (whom % 6 < 4) return _provers[whom % 6];
        return whom % 6 == 4 ? owner : address(this);
    }

    function _remember() private {
        (,, IDisputeGame game) = factory.gameAtIndex(factory.gameCount() - 1);
        _games.push(MultiProofGame(address(game)));
    }

    /// @dev Independent of `proofStatus`: reads the registry's records, not its verdicts.
    function _mayWin(MultiProofGame game) private view returns (bool) {
        IMultiProofGame.Supporter[] memory supporters = game.supporters();
        bool intel;
        bool amd;
        uint256 first = type(uint256).max;
        uint256 latest;
        for (uint256 i = 0; i < supporters.length; ++i) {
            IProverRegistry.Prover memory prover = registry.prover(supporters[i].key);
            if (prover.ending != IProverRegistry.Ending.NONE || block.timestamp >= prover.expiresAt) continue;
            bool isIntel = prover.kind == IProverRegistry.Kind.TDX || prover.kind == IProverRegistry.Kind.TDX_GPU;
            // The first supporter of each vendor is what makes the threshold.
            if ((isIntel && !intel) || (!isIntel && !amd)) latest = supporters[i].provedAt;
            if (isIntel) intel = true;
            else amd = true;
            if (supporters[i].provedAt < first) first = supporters[i].provedAt;
        }
        bool fast = intel && amd && block.timestamp >= latest + FAST;
        bool slow = (intel || amd) && block.timestamp >= first + SLOW;
        bool unrefuted = game.bonded() && block.timestamp >= game.createdAt() + WINDOW;
        return fast || slow || unrefuted;
    }
}
