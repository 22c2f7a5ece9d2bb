// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {RegistryDependencies} from "../../src/tee/EvidenceAppraisal.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {EndedKeysFixture} from "./EndedKeysFixture.sol";

/// @notice A token that calls whoever it is told to in the middle of a transfer, or keeps a part of it.
contract HostileToken is ERC20 {
    address private _target;
    bytes private _call;
    uint256 public fee;
    bool public called;
    bool public succeeded;

    constructor(address holder) ERC20("hostile", "HOSTILE") {
        _mint(holder, 1_000_000e18);
    }

    function arm(address target, bytes calldata call_) external {
        (_target, _call, called) = (target, call_, false);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (fee != 0 && from != address(0)) super._update(to, address(0xfee), fee);
        if (_target == address(0) || called) return;
        called = true;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded,) = _target.call(_call);
    }
}

/// @notice When a bond is taken and when it returns, also where the token is hostile.
contract ProverRegistryBondsTest is EndedKeysFixture {
    function test_no_bond_no_key() public {
        IProverRegistry.Registration memory registration =
            _registration(_draft(NEW_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE));
        vm.expectRevert();
        registry.register(registration);
        vm.prank(registrant);
        pha.transfer(anyone, PROVER_BOND - 1);
        vm.startPrank(anyone);
        pha.approve(address(registry), type(uint256).max);
        vm.expectRevert();
        registry.register(registration);
        vm.stopPrank();
        assertFalse(registry.isRegistered(registration.key), "not registered");
    }

    function test_a_bond_returns_once_to_who_paid_it_and_not_before_its_time() public {
        uint64 expiresAt = registry.prover(tdx).expiresAt;
        uint64 until = expiresAt + registry.BOND_HOLD();
        _held(tdx, until);
        vm.warp(expiresAt);
        _held(tdx, until);
        vm.warp(until - 1);
        _held(tdx, until);
        vm.warp(until);
        uint256 before = pha.balanceOf(registrant);
        vm.prank(anyone);
        registry.returnBond(tdx);
        assertEq(pha.balanceOf(registrant) - before, PROVER_BOND);
        _noBond(tdx, IProverRegistry.BondState.RETURNED);
        assertEq(pha.balanceOf(address(registry)), 2 * uint256(PROVER_BOND));
        _noBond(vm.addr(NEW_KEY), IProverRegistry.BondState.NONE);
    }

    function test_a_bond_is_held_from_the_end_of_its_key_however_it_ended() public {
        vm.warp(block.timestamp + 1 days);
        vm.prank(operator);
        registry.retire(tdx);
        vm.prank(guardian);
        registry.revoke(tdx2);
        certificates.revoke(CPU_LEAF);
        registry.invalidate(snp);
        uint64 until = uint64(block.timestamp) + registry.BOND_HOLD();
        _held(tdx, until);
        _held(tdx2, until);
        _held(snp, until);
        vm.warp(until);
        registry.returnBond(tdx);
        registry.returnBond(tdx2);
        registry.returnBond(snp);
        assertEq(pha.balanceOf(address(registry)), 0);
    }

    function test_ending_an_expired_key_does_not_hold_its_bond_longer() public {
        uint64 expiresAt = registry.prover(tdx).expiresAt;
        vm.warp(expiresAt + registry.BOND_HOLD());
        registry.invalidate(tdx);
        registry.returnBond(tdx);
    }

    // Hostile tokens.

    function test_a_token_that_calls_back_gets_no_bond_twice() public {
        HostileToken token = _hostileRegistry();
        _submit(_registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        _submit(_registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        token.arm(address(registry), abi.encodeCall(registry.returnBond, (tdx)));
        registry.returnBond(tdx);
        assertTrue(token.called() && !token.succeeded(), "refused");
        assertEq(token.balanceOf(address(registry)), PROVER_BOND);
    }

    function test_a_token_that_calls_back_cannot_take_a_bond_out_while_one_comes_in() public {
        HostileToken token = _hostileRegistry();
        _submit(_registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE)));
        vm.warp(registry.prover(tdx).expiresAt + registry.BOND_HOLD());
        IProverRegistry.Registration memory second =
            _registration(_draft(TDX_KEY_2, IProverRegistry.Kind.TDX, TDX_IMAGE));
        token.arm(address(registry), abi.encodeCall(registry.returnBond, (tdx)));
        vm.prank(registrant);
        vm.expectRevert();
        registry.register(second);
        assertEq(token.balanceOf(address(registry)), PROVER_BOND);
    }

    function test_a_token_that_keeps_a_part_is_refused() public {
        HostileToken token = _hostileRegistry();
        token.setFee(1);
        IProverRegistry.Registration memory registration =
            _registration(_draft(TDX_KEY, IProverRegistry.Kind.TDX, TDX_IMAGE));
        vm.prank(registrant);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProverRegistry.ProverRegistry_BondNotReceived.selector, PROVER_BOND, PROVER_BOND - 1
            )
        );
        registry.register(registration);
    }

    /// @notice Whatever happens to keys, the registry holds what it owes.
    function testFuzz_the_registry_holds_the_bonds_it_owes(uint8[12] calldata steps) public {
        uint256[3] memory keys = [TDX_KEY, TDX_KEY_2, SNP_KEY];
        for (uint256 i = 0; i < steps.length; ++i) {
            _step(steps[i] % 8, keys[(steps[i] / 8) % 3], keys[(steps[i] / 24) % 3]);
            uint256 owed;
            for (uint256 j = 0; j < keys.length; ++j) {
                IProverRegistry.Prover memory found = registry.prover(vm.addr(keys[j]));
                bool here = found.bondState == IProverRegistry.BondState.HELD
                    || found.bondState == IProverRegistry.BondState.DISPUTED;
                if (here) owed += found.bond;
            }
            assertEq(pha.balanceOf(address(registry)), owed);
        }
    }

    /// @dev One call that may well be refused.
    function _step(uint256 action, uint256 key, uint256 other) private {
        bytes memory call_;
        address caller = anyone;
        if (action == 0) (caller, call_) = (operator, abi.encodeCall(registry.retire, (vm.addr(key))));
        if (action == 1) (caller, call_) = (guardian, abi.encodeCall(registry.revoke, (vm.addr(key))));
        if (action == 2) call_ = abi.encodeCall(registry.returnBond, (vm.addr(key)));
        if (action == 3) (caller, call_) = (owner, abi.encodeCall(registry.decideBond, (vm.addr(key), true)));
        if (action == 4) (caller, call_) = (owner, abi.encodeCall(registry.decideBond, (vm.addr(key), false)));
        if (action == 5) vm.warp(block.timestamp + 15 days);
        if (action == 6) call_ = abi.encodeCall(registry.invalidate, (vm.addr(key)));
        if (action == 7) {
            call_ = abi.encodeCall(
                registry.reportEquivocation, (_claim(ROOT), _sign(key, ROOT), OTHER_ROOT, _sign(other, OTHER_ROOT))
            );
        }
        if (call_.length == 0) return;
        vm.prank(caller);
        // solhint-disable-next-line avoid-low-level-calls
        (bool accepted,) = address(registry).call(call_);
        accepted;
    }

    function _hostileRegistry() private returns (HostileToken token) {
        token = new HostileToken(registrant);
        RegistryDependencies memory dependencies = _dependencies(registry.systemConfig());
        dependencies.bondToken = IERC20(address(token));
        registry = ProverRegistry(
            address(
                new L1Proxy(
                    address(new ProverRegistry(dependencies)),
                    owner,
                    abi.encodeCall(ProverRegistry.initialize, (owner))
                )
            )
        );
        vm.prank(registrant);
        token.approve(address(registry), type(uint256).max);
    }
}
