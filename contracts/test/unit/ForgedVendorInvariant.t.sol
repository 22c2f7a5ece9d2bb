// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {GameStatus} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {Hashing} from "../../src/types/Hashing.sol";
import {Types} from "../../src/types/Types.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice All keys of one vendor are forged: they sign whatever their thief wants, and support, contradict and resolve at
///         random; anyone may propose lies with a bond as well. One honest prover of the other vendor looks at the games
///         before the slow path's delay is over. No lie may become final, and nothing may leave on one.
///
///         A lie is an output root under which the thief has withdrawn all ether.
contract ForgedVendorInvariantTest is SettlementFixture {
    uint256 private constant FUNDS = 10_000 ether;
    uint256 private constant MOST_WAIT = SLOW / 2;

    address private thief = account("thief");
    uint256[3] private _forged = [TDX_KEY, TDX_KEY_2, TDX_GPU_KEY];
    Types.WithdrawalTransaction private _theft;
    bytes[] private _theftProof;
    bytes32 private _theftRoot;

    MultiProofGame[] private _lies;
    mapping(MultiProofGame lie => uint256) private _indexOf;
    mapping(bytes32 root => bool) private _isTrue;
    uint256 private _honestGames;
    bool private _stolen;

    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), FUNDS);
        _isTrue[GENESIS_ROOT] = true;
        _theft = Types.WithdrawalTransaction({
            nonce: uint256(1) << 240, sender: thief, target: thief, value: FUNDS, gasLimit: 50_000, data: ""
        });
        bytes32 slot = keccak256(abi.encode(Hashing.hashWithdrawal(_theft), uint256(0)));
        bytes memory leaf = abi.encodePacked(hex"e3a120", keccak256(abi.encode(slot)), hex"01");
        _theftProof.push(leaf);
        _theftRoot = keccak256(leaf);
        this.actLie(0, false, 0);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    // ---- the thief

    function actLie(uint8 key, bool onLie, uint16 time) external {
        MultiProofGame last = _lies.length == 0 ? MultiProofGame(address(0)) : _lies[_lies.length - 1];
        bool buildable = onLie && address(last) != address(0) && last.status() == GameStatus.IN_PROGRESS;
        address parent = buildable ? address(last) : address(0);
        (, uint256 anchored) = anchors.getAnchorRoot();
        uint256 number = (buildable ? last.l2BlockNumber() : anchored) + 1;
        _remember(_propose(_forged[key % 3], _lie(_lies.length), number, parent));
        _watchAndWait(time);
    }

    function actLieWithBond(uint16 time) external {
        if (block.timestamp >= implementation.fallbackOpensAt()) {
            (, uint256 anchored) = anchors.getAnchorRoot();
            _remember(_proposeBondedBy(thief, _lie(_lies.length), anchored + 1, address(0)));
        }
        _watchAndWait(time);
    }

    function actSupport(uint8 which, uint8 key, uint16 time) external {
        MultiProofGame game = _lies[which % _lies.length];
        try game.prove(game.rootClaim(), _gameSignature(game, _forged[key % 3], game.rootClaim())) {} catch {}
        _watchAndWait(time);
    }

    function actSteal(uint8 which, uint16 time) external {
        MultiProofGame game = _lies[which % _lies.length];
        Types.OutputRootProof memory output = _output(which % _lies.length);
        try portal.proveWithdrawalTransaction(_theft, _indexOf[game], output, _theftProof) {} catch {}
        _watchAndWait(time);
        try game.resolve() {} catch {}
        try portal.finalizeWithdrawalTransaction(_theft) {
            _stolen = true;
        } catch {}
    }

    function actResolve(uint8 which, uint16 time) external {
        try _lies[which % _lies.length].resolve() {} catch {}
        try anchors.setAnchorState(_lies[which % _lies.length]) {} catch {}
        _watchAndWait(time);
    }

    // ---- everybody else

    /// @dev True roots become final too, with the forged vendor's signature or, more slowly, without.
    function actTruth(bool withForged, uint16 time) external {
        (, uint256 anchored) = anchors.getAnchorRoot();
        bytes32 root = keccak256(abi.encode("true", ++_honestGames));
        _isTrue[root] = true;
        MultiProofGame game = _propose(SNP_KEY, root, anchored + 1, address(0));
        if (withForged) _prove(game, TDX_KEY, root);
        _watchAndWait(time);
        try game.resolve() {} catch {}
        _watchAndWait(uint16(AIR_GAP));
        try anchors.setAnchorState(game) {} catch {}
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_no_lie_is_ever_won_or_valid() public view {
        for (uint256 i = 0; i < _lies.length; ++i) {
            assertFalse(_lies[i].status() == GameStatus.DEFENDER_WINS, "a lie won");
            assertFalse(anchors.isGameClaimValid(_lies[i]), "a lie is valid");
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_anchor_is_true_and_the_funds_stay() public view {
        (bytes32 root,) = anchors.getAnchorRoot();
        assertTrue(_isTrue[root], "the anchor is a lie");
        assertFalse(_stolen, "stolen");
        assertEq(address(portal).balance, FUNDS);
    }

    /// @dev That the handler can steal at all: it does where nobody watches.
    function test_without_the_honest_prover_the_lie_would_pay_on_the_slow_path() public {
        MultiProofGame lie = _lies[0];
        portal.proveWithdrawalTransaction(_theft, _indexOf[lie], _output(0), _theftProof);
        _wait(SLOW);
        lie.resolve();
        _wait(MATURITY + quota.MAX_DELAY());
        portal.finalizeWithdrawalTransaction(_theft);
        assertEq(thief.balance, FUNDS);
    }

    /// @dev And not even there on the fast path, with every key of the vendor.
    function test_all_keys_of_one_vendor_never_take_the_fast_path() public {
        MultiProofGame lie = _lies[0];
        for (uint256 i = 1; i < 3; ++i) {
            try lie.prove(lie.rootClaim(), _gameSignature(lie, _forged[i], lie.rootClaim())) {} catch {}
        }
        assertEq(lie.proofStatus().hostVendors, 1);
        assertEq(lie.proofStatus().thresholdAt, 0);
        while (block.timestamp < lie.createdAt() + SLOW - 1) {
            vm.expectRevert();
            lie.resolve();
            _wait(MOST_WAIT - 1);
        }
    }

    /// @dev The honest prover refutes each lie that could be won before it looks again. That this succeeds is the property:
    ///      a failure here fails the run.
    function _watchAndWait(uint16 time) private {
        uint256 wait = 1 + uint256(time) % MOST_WAIT;
        for (uint256 i = 0; i < _lies.length; ++i) {
            MultiProofGame lie = _lies[i];
            bool due = block.timestamp + wait >= lie.createdAt() + SLOW - MOST_WAIT;
            if (due && lie.status() == GameStatus.IN_PROGRESS) _prove(lie, SNP_KEY, 0);
        }
        _wait(wait);
    }

    function _remember(MultiProofGame lie) private {
        _lies.push(lie);
        _indexOf[lie] = factory.gameCount() - 1;
    }

    function _lie(uint256 index) private view returns (bytes32) {
        return Hashing.hashOutputRootProof(_output(index));
    }

    function _output(uint256 index) private view returns (Types.OutputRootProof memory) {
        return Types.OutputRootProof({
            version: 0,
            stateRoot: bytes32(index),
            messagePasserStorageRoot: _theftRoot,
            latestBlockhash: keccak256("block")
        });
    }
}
