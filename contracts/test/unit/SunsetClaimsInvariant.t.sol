// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    ClaimForm,
    ClaimRole,
    Entitlement,
    KeySignature,
    Multisig,
    Order,
    Owners
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {SunsetFixture} from "./SunsetFixture.sol";

/// @title SunsetClaimsInvariantTest
/// @notice Holders of every sort claim in every way and form, again and again, also for others and with leaves that are
///         not theirs; delegates announce, accounts veto, funds come late, time passes. What is paid is what distinct
///         accounts are worth, to the planck, and what is left is what was funded less that.
contract SunsetClaimsInvariantTest is SunsetFixture {
    /// @dev Keys; then a multisig of the first three. Each key has the next as its delegate.
    uint256 private constant KEYS = 9;
    uint32 private constant DELAY = 100;

    mapping(uint256 index => uint256) private _paid;
    uint256 private _funded;
    uint256 private _l1Paid;
    uint256 private _bridged;
    Multisig private _members;

    function setUp() public override {
        super.setUp();
        _funded = FUNDED;
        _members = _multisigOf(0, 3, 2);
        for (uint256 i = 0; i <= KEYS; ++i) {
            bytes32 holder = i < KEYS ? _key(i) : _accountOf(_members);
            // From one planck to more than there is.
            leaves.push(Leaf(BALANCE, holder, 0, uint256(keccak256(abi.encode(i))) % (10 ** (2 * i + 1)) + 1));
        }
        for (uint256 i = 0; i <= KEYS; ++i) {
            uint256 delay = i % 2 == 0 ? 0 : DELAY;
            leaves.push(Leaf(PROXY, leaves[i].account, _key((i + 1) % KEYS), delay));
        }
        for (uint256 i = 0; i <= KEYS; ++i) {
            leaves.push(Leaf(RECEIVER, leaves[i].account, bytes32(uint256(uint160(receiver))), i % 3));
        }
        sunset.set(_root());
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(this);
    }

    /// @dev With its own key, or with another's; its own leaf, or another's as if it were its own.
    function actClaim(uint8 holder, uint8 signer, uint8 leaf, uint8 form) external {
        uint256 index = holder % KEYS;
        uint256 key = signer % 4 == 0 ? signer % KEYS : index;
        Order memory order = _order(ClaimForm(form % 3));
        Entitlement memory entitlement = _entitlement(index);
        if (leaf % 4 == 0) entitlement = Entitlement(_key(index), leaves[leaf % 30].value, _proof(leaf % 30));
        bytes memory text = claims.message(entitlement.account, entitlement.planck, order, ClaimRole.OWNER);
        KeySignature memory ownership = _sign(key, text);
        try claims.claim(entitlement, order, ownership) {
            assertTrue(key == index, "paid for another's key");
            _note(index, order.form);
        } catch {}
    }

    function actClaimMultisig(uint8 first, uint8 second, uint8 form) external {
        Order memory order = _order(ClaimForm(form % 3));
        uint256[] memory keys = _list(first % 5, second % 5);
        Owners memory owners = _owners(_text(KEYS, order, ClaimRole.SIGNATORY), keys);
        owners.multisigs = new Multisig[](1);
        owners.multisigs[0] = _members;
        try claims.claimMultisig(_entitlement(KEYS), order, owners) {
            assertTrue(keys[0] != keys[1] && keys[0] < 3 && keys[1] < 3, "paid for too few");
            _note(KEYS, order.form);
        } catch {}
    }

    function actClaimByProxy(uint8 holder, uint8 signer, uint8 form) external {
        uint256 index = holder % (KEYS + 1);
        uint256 key = signer % 4 == 0 ? signer % KEYS : (index + 1) % KEYS;
        Order memory order = _order(ClaimForm(form % 3));
        Owners memory owners = _owners(_text(index, order, ClaimRole.PROXY), _list(key));
        bool vetoed = claims.isVetoed(leaves[index].account, _key(key));
        try claims.claimByProxy(_entitlement(index), order, _link(KEYS + 1 + index), owners) {
            assertTrue(key == (index + 1) % KEYS && index % 2 == 0 && !vetoed, "paid for no delegate");
            _note(index, order.form);
        } catch {}
    }

    function actAnnounce(uint8 holder) external {
        uint256 index = holder % (KEYS + 1);
        Order memory order = _fixed();
        Owners memory owners = _owners(_text(index, order, ClaimRole.PROXY), _list((index + 1) % KEYS));
        try claims.announceByProxy(_entitlement(index), order, _link(KEYS + 1 + index), owners) {} catch {}
    }

    function actClaimAnnounced(uint8 holder) external {
        uint256 index = holder % (KEYS + 1);
        bytes32 holder_ = leaves[index].account;
        bytes32 delegate = _key((index + 1) % KEYS);
        uint256 opensAt = claims.announcedFor(holder_, leaves[index].value, _fixed(), delegate);
        try claims.claimAnnounced(holder_, leaves[index].value, _fixed(), delegate) {
            assertTrue(opensAt != 0 && block.timestamp >= opensAt, "paid early");
            assertFalse(claims.isVetoed(holder_, delegate), "paid a shut-out delegate");
            _note(index, ClaimForm.TO_L1);
        } catch {}
    }

    function actVeto(uint8 holder) external {
        uint256 index = holder % KEYS;
        bytes32 delegate = _key((index + 1) % KEYS);
        uint64 deadline = uint64(block.timestamp + 1);
        Owners memory owners = _owners(claims.vetoMessage(_key(index), delegate, deadline), _list(index));
        try claims.veto(_key(index), delegate, deadline, owners) {} catch {}
    }

    function actClaimRegistered(uint8 holder, uint8 form) external {
        uint256 index = holder % (KEYS + 1);
        bytes32[] memory proof = _proof(2 * (KEYS + 1) + index);
        try claims.claimRegistered(_entitlement(index), receiver, ClaimForm(form % 3), proof) {
            assertTrue(form % 3 == index % 3, "paid in another form");
            _note(index, ClaimForm(form % 3));
        } catch {}
    }

    function actFund(uint96 amount, bool plainly) external {
        uint256 held = pha.balanceOf(address(this));
        if (held == 0) return;
        uint256 given = bound(amount, 1, held);
        _funded += given;
        if (plainly) pha.transfer(address(claims), given);
        else claims.fund(given);
    }

    function actWait(uint16 time) external {
        vm.warp(block.timestamp + uint256(time) % (2 * uint256(DELAY) * BLOCK_TIME));
    }

    function actSweep() external {
        try claims.sweep() {
            assertTrue(false, "swept early");
        } catch {}
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_what_is_paid_is_what_distinct_accounts_hold() public view {
        uint256 planck;
        for (uint256 i = 0; i <= KEYS; ++i) {
            assertTrue(_paid[i] <= 1, "paid twice");
            assertTrue(claims.isClaimed(leaves[i].account) == (_paid[i] == 1), "noted otherwise");
            planck += _paid[i] * leaves[i].value;
        }
        assertEq(claims.totalReleased(), planck * 1e6);
        assertEq(_l1Paid + _bridged, planck * 1e6);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_released_and_unclaimed_are_what_was_funded() public view {
        assertEq(claims.totalReleased() + claims.unclaimed(), _funded);
        assertEq(pha.balanceOf(address(claims)), claims.unclaimed());
        assertEq(pha.balanceOf(receiver), _l1Paid);
        assertEq(l1Bridge.deposits(address(pha), address(l2Pha)), _bridged);
        assertEq(pha.allowance(address(claims), address(l1Bridge)), 0);
    }

    /// @dev The same at any time, as an announcement is of one order.
    function _fixed() private view returns (Order memory) {
        return Order(receiver, ClaimForm.TO_L1, claims.closesAt());
    }

    function _note(uint256 index, ClaimForm form) private {
        ++_paid[index];
        if (form == ClaimForm.TO_L1) _l1Paid += leaves[index].value * 1e6;
        else _bridged += leaves[index].value * 1e6;
    }
}
