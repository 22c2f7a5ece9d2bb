// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MultiProofGame} from "../../src/settlement/MultiProofGame.sol";
import {ProofPolicy} from "../../src/settlement/ProofPolicy.sol";
import {GameStatus, IDisputeGame} from "../../src/settlement/interfaces/IDisputeGame.sol";
import {IDisputeGameFactory} from "../../src/settlement/interfaces/IDisputeGameFactory.sol";
import {IMultiProofGame} from "../../src/settlement/interfaces/IMultiProofGame.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice Whose the bond is, and the attempts to have it otherwise.
contract GameBondTest is SettlementFixture {
    address private proposer = account("proposer");
    address private attacker = account("attacker");

    // ---- what is taken

    function test_the_bond_moves_from_the_proposers_allowance_into_the_game() public {
        _wait(SILENCE);
        (IERC20 token, uint256 amount) = implementation.bond();
        assertEq(address(token), address(pha));
        assertEq(amount, BOND);
        MultiProofGame game = _proposeBondedBy(proposer, ROOT, 10, address(0));
        assertEq(pha.balanceOf(address(game)), BOND);
        assertEq(pha.balanceOf(proposer), 0);
        assertEq(pha.allowance(proposer, address(factory)), 0);
        assertEq(game.gameCreator(), proposer);
    }

    function test_no_ether_is_taken() public {
        _wait(SILENCE);
        assertEq(factory.initBonds(GAME_TYPE), 0);
        _giveBond(address(this));
        vm.deal(address(this), 1 ether);
        vm.expectRevert(IDisputeGameFactory.IncorrectBondAmount.selector);
        factory.create{value: 1}(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
    }

    function test_without_the_allowance_there_is_no_game() public {
        _wait(SILENCE);
        pha.approve(address(factory), BOND - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(factory), BOND - 1, BOND
            )
        );
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
        assertEq(factory.gameCount(), 0);
    }

    /// @dev An allowance is spent by nobody but who gave it.
    function test_nobody_proposes_with_anothers_bond() public {
        _wait(SILENCE);
        _giveBond(proposer);
        vm.prank(attacker);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        factory.create(GAME_TYPE, OTHER_ROOT, abi.encode(uint256(10), address(0)));
        assertEq(pha.balanceOf(proposer), BOND);
    }

    /// @dev Who proposes the same first pays for it; the other keeps his bond.
    function test_who_is_overtaken_keeps_the_bond() public {
        _wait(SILENCE);
        _giveBond(proposer);
        _proposeBondedBy(attacker, ROOT, 10, address(0));
        vm.prank(proposer);
        vm.expectPartialRevert(IDisputeGameFactory.GameAlreadyExists.selector);
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
        assertEq(pha.balanceOf(proposer), BOND);
    }

    // ---- whose it is

    function test_a_winners_bond_returns_after_the_air_gap() public {
        MultiProofGame game = _wonByWindow();
        _held(game, proposer, block.timestamp + AIR_GAP + 1);
        _wait(AIR_GAP);
        _held(game, proposer, block.timestamp + 1);
        _wait(1);
        vm.prank(attacker);
        game.claimCredit(proposer);
        assertEq(pha.balanceOf(proposer), BOND);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        game.claimCredit(proposer);
    }

    function test_a_game_in_progress_owes_nobody() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBondedBy(proposer, ROOT, 10, address(0));
        _held(game, proposer, type(uint256).max);
    }

    /// @dev A lie that nobody refuted, but that the guardian stopped, is not free.
    function test_the_bond_of_a_blacklisted_winner_is_the_treasurys() public {
        MultiProofGame game = _wonByWindow();
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        _wait(AIR_GAP + 1);
        game.claimCredit(owner);
        assertEq(pha.balanceOf(owner), BOND);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        game.claimCredit(proposer);
    }

    function test_a_pause_or_a_retirement_is_no_verdict_on_the_bond() public {
        MultiProofGame game = _wonByWindow();
        vm.startPrank(guardian);
        systemConfig.pause();
        anchors.updateRetirementTimestamp();
        vm.stopPrank();
        _wait(AIR_GAP + 1);
        game.claimCredit(proposer);
        assertEq(pha.balanceOf(proposer), BOND);
    }

    /// @dev The bond was not at stake against the proposal itself.
    function test_who_built_on_a_loser_gets_the_bond_back() public {
        MultiProofGame parent = _propose(TDX_KEY, OTHER_ROOT, 10, address(0));
        _wait(SILENCE);
        MultiProofGame child = _proposeBondedBy(proposer, ROOT, 20, address(parent));
        _prove(parent, SNP_KEY, ROOT);
        assertTrue(child.resolve() == GameStatus.CHALLENGER_WINS, "fell with its parent");
        _wait(AIR_GAP + 1);
        child.claimCredit(proposer);
        assertEq(pha.balanceOf(proposer), BOND);
    }

    function test_the_refuters_beneficiary_and_the_treasury_share_a_refuted_bond() public {
        MultiProofGame game = _refuted(TDX_KEY);
        assertEq(game.refuter(), vm.addr(TDX_KEY));
        _held(game, vm.addr(TDX_KEY), block.timestamp + AIR_GAP + 1);
        _wait(AIR_GAP + 1);
        game.claimCredit(vm.addr(TDX_KEY));
        game.claimCredit(owner);
        assertEq(pha.balanceOf(vm.addr(TDX_KEY)), BOND / 2);
        assertEq(pha.balanceOf(owner), BOND / 2);
        assertEq(pha.balanceOf(address(game)), 0);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        game.claimCredit(proposer);
    }

    // ---- attempts

    /// @dev A liar who copies the refutation from the public pool and sends it first has nothing of it.
    function test_a_copied_refutation_earns_its_signer_not_its_sender() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBondedBy(attacker, OTHER_ROOT, 10, address(0));
        bytes memory copied = _gameSignature(game, TDX_KEY, ROOT);
        vm.prank(attacker);
        game.prove(ROOT, copied);
        _wait(AIR_GAP + 1);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        game.claimCredit(attacker);
        game.claimCredit(vm.addr(TDX_KEY));
        assertEq(pha.balanceOf(attacker), 0);
    }

    /// @dev A prover who refutes his own lie loses half by it.
    function test_refuting_oneself_costs_half_the_bond() public {
        address liar = vm.addr(TDX_KEY);
        _wait(SILENCE);
        MultiProofGame game = _proposeBondedBy(liar, OTHER_ROOT, 10, address(0));
        _prove(game, TDX_KEY, ROOT);
        _wait(AIR_GAP + 1);
        game.claimCredit(liar);
        assertEq(pha.balanceOf(liar), BOND / 2);
    }

    /// @dev A lying prover does not live on the bonds of honest proposers, if the guardian sees it within the air gap.
    function test_a_refuter_revoked_in_the_air_gap_earns_nothing() public {
        MultiProofGame game = _refuted(TDX_KEY);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        _wait(AIR_GAP + 1);
        vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
        game.claimCredit(vm.addr(TDX_KEY));
        game.claimCredit(owner);
        assertEq(pha.balanceOf(owner), BOND);
    }

    /// @dev Prover against prover: which of them lied is not the contract's to say.
    function test_a_contradiction_of_a_supported_game_leaves_the_bond_to_the_treasury() public {
        _wait(SILENCE);
        MultiProofGame game = _proposeBondedBy(proposer, ROOT, 10, address(0));
        _prove(game, SNP_KEY, ROOT);
        _prove(game, TDX_KEY, OTHER_ROOT);
        uint256 before = vm.snapshotState();
        _wait(AIR_GAP + 1);
        game.claimCredit(owner);
        assertEq(pha.balanceOf(owner), BOND);
        vm.revertToState(before);
        // Unless one side turns out to be no prover any more.
        vm.prank(guardian);
        registry.revoke(vm.addr(SNP_KEY));
        _wait(AIR_GAP + 1);
        game.claimCredit(vm.addr(TDX_KEY));
        assertEq(pha.balanceOf(vm.addr(TDX_KEY)), BOND / 2);
    }

    function test_a_blacklisted_refutation_leaves_the_bond_to_the_treasury() public {
        MultiProofGame game = _refuted(TDX_KEY);
        vm.prank(guardian);
        anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        _wait(AIR_GAP + 1);
        game.claimCredit(owner);
        assertEq(pha.balanceOf(owner), BOND);
    }

    /// @dev What the decision rests on is looked at once: revoking the refuter afterwards takes nothing back.
    function test_the_bond_is_decided_once() public {
        MultiProofGame game = _refuted(TDX_KEY);
        _wait(AIR_GAP + 1);
        game.claimCredit(owner);
        vm.prank(guardian);
        registry.revoke(vm.addr(TDX_KEY));
        game.claimCredit(vm.addr(TDX_KEY));
        assertEq(pha.balanceOf(vm.addr(TDX_KEY)), BOND / 2);
    }

    function test_gifts_to_a_game_do_not_change_who_gets_what() public {
        MultiProofGame game = _refuted(TDX_KEY);
        pha.transfer(address(game), 5);
        _wait(AIR_GAP + 1);
        game.claimCredit(owner);
        game.claimCredit(vm.addr(TDX_KEY));
        assertEq(pha.balanceOf(owner) + pha.balanceOf(vm.addr(TDX_KEY)), BOND);
        assertEq(pha.balanceOf(address(game)), 5);
    }

    function test_an_unbonded_game_owes_nobody() public {
        MultiProofGame game = _resolved(ROOT, 10, address(0));
        pha.transfer(address(game), BOND);
        _wait(AIR_GAP + 1);
        address[3] memory claimants = [address(this), owner, vm.addr(TDX_KEY)];
        for (uint256 i = 0; i < claimants.length; ++i) {
            vm.expectRevert(IMultiProofGame.MultiProofGame_NoCredit.selector);
            game.claimCredit(claimants[i]);
        }
    }

    function testFuzz_every_bond_is_paid_out_exactly(uint96 amount, bool refute, bool judged) public {
        vm.assume(amount != 0);
        pha.faucet(100_000 ether);
        _useBond(new ProofPolicy(2, false, FAST, SLOW, SILENCE, WINDOW, uint256(amount) % 100_000 ether + 1, pha));
        (, uint256 bond) = implementation.bond();
        _wait(SILENCE);
        pha.approve(address(factory), bond);
        MultiProofGame game =
            MultiProofGame(address(factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)))));
        uint256 before = pha.balanceOf(address(this));
        if (refute) {
            _prove(game, TDX_KEY, OTHER_ROOT);
        } else {
            _wait(WINDOW);
            game.resolve();
        }
        if (judged) {
            vm.prank(guardian);
            anchors.blacklistDisputeGame(IDisputeGame(address(game)));
        }
        _wait(AIR_GAP + 1);
        address[3] memory claimants = [address(this), owner, vm.addr(TDX_KEY)];
        for (uint256 i = 0; i < claimants.length; ++i) {
            try game.claimCredit(claimants[i]) {} catch {}
        }
        assertEq(pha.balanceOf(address(game)), 0);
        uint256 paid = pha.balanceOf(address(this)) - before + pha.balanceOf(owner) + pha.balanceOf(vm.addr(TDX_KEY));
        assertEq(paid, bond);
        if (refute || judged) assertEq(pha.balanceOf(address(this)), before);
    }

    // ---- tokens that are not what a bond is made of

    function test_a_token_that_keeps_a_fee_makes_no_bond() public {
        FeeToken token = new FeeToken();
        _useBond(new ProofPolicy(2, false, FAST, SLOW, SILENCE, WINDOW, BOND, token));
        _wait(SILENCE);
        token.approve(address(factory), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMultiProofGame.MultiProofGame_BondNotReceived.selector, BOND - BOND / 100, BOND
            )
        );
        factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)));
    }

    /// @dev A token that calls out during the transfer finds a game that does nothing, and no second payment after.
    function test_a_token_that_calls_back_changes_nothing() public {
        ReentrantToken token = new ReentrantToken();
        _useBond(new ProofPolicy(2, false, FAST, SLOW, SILENCE, WINDOW, BOND, token));
        _wait(SILENCE);
        token.approve(address(factory), BOND);
        token.arm(address(factory), address(this));
        MultiProofGame game =
            MultiProofGame(address(factory.create(GAME_TYPE, ROOT, abi.encode(uint256(10), address(0)))));
        assertEq(token.entered(), 0);
        assertTrue(game.status() == GameStatus.IN_PROGRESS && game.bonded(), "in progress, with its bond");
        _wait(WINDOW);
        game.resolve();
        _wait(AIR_GAP + 1);
        token.mint(address(game), BOND);
        game.claimCredit(address(this));
        assertEq(token.entered(), 0);
        assertEq(token.balanceOf(address(this)), BOND);
    }

    function _useBond(ProofPolicy other) private {
        implementation = new MultiProofGame(anchors, registry, other, rewards, CONFIG_HASH);
        vm.prank(owner);
        factory.setImplementation(GAME_TYPE, IDisputeGame(address(implementation)));
    }

    function _wonByWindow() private returns (MultiProofGame game) {
        _wait(SILENCE);
        game = _proposeBondedBy(proposer, ROOT, 10, address(0));
        _wait(WINDOW);
        game.resolve();
    }

    function _refuted(uint256 key) private returns (MultiProofGame game) {
        _wait(SILENCE);
        game = _proposeBondedBy(proposer, OTHER_ROOT, 10, address(0));
        bytes memory signature = _gameSignature(game, key, ROOT);
        vm.prank(attacker);
        game.prove(ROOT, signature);
    }

    function _held(MultiProofGame game, address recipient, uint256 until) private {
        vm.expectRevert(abi.encodeWithSelector(IMultiProofGame.MultiProofGame_BondHeld.selector, until));
        game.claimCredit(recipient);
    }
}

/// @notice Keeps a hundredth of each transfer.
contract FeeToken is ERC20 {
    constructor() ERC20("Fee", "FEE") {
        _mint(msg.sender, 100 ether);
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0)) return super._update(from, to, value);
        super._update(from, address(0xFEE), value / 100);
        super._update(from, to, value - value / 100);
    }
}

/// @notice Tries, inside each transfer, all that a game answers.
contract ReentrantToken is ERC20 {
    address private _factory;
    address private _claimant;

    /// @notice How many of the calls from inside succeeded.
    uint256 public entered;

    constructor() ERC20("Reentrant", "RE") {
        _mint(msg.sender, 1 ether);
    }

    function arm(address factory, address claimant) external {
        _factory = factory;
        _claimant = claimant;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_factory == address(0) || from == address(0)) return;
        address game = from.code.length != 0 && to == _claimant ? from : to;
        _try(game, abi.encodeCall(IMultiProofGame.claimCredit, (_claimant)));
        _try(game, abi.encodeCall(IMultiProofGame.initialize, ()));
        _try(game, abi.encodeCall(IMultiProofGame.prove, (bytes32(0), "")));
        _try(game, abi.encodeCall(IDisputeGame.resolve, ()));
    }

    function _try(address target, bytes memory data) private {
        (bool success,) = target.call(data);
        if (success) ++entered;
    }
}
