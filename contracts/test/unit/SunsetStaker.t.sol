// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IL1StandardBridge} from "../../src/bridging/interfaces/IL1StandardBridge.sol";
import {SunsetClaims} from "../../src/pha/sunset/SunsetClaims.sol";
import {SunsetStaker} from "../../src/pha/sunset/SunsetStaker.sol";
import {
    ClaimForm,
    ClaimRole,
    ClaimTerms,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Order
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {ISunsetStaker} from "../../src/pha/sunset/interfaces/ISunsetStaker.sol";
import {AddressAliasing} from "../../src/types/AddressAliasing.sol";
import {Vm} from "./Base.sol";
import {SunsetFixture} from "./SunsetFixture.sol";
import {TrickToken} from "./TrickToken.sol";

/// @notice A bridge that takes nothing of what it is told to bridge.
contract IdleBridge {
    function bridgeERC20To(address, address, address, uint256, uint32, bytes calldata) external {}
}

/// @title SunsetStakerTest
/// @notice Claims that go on to L2, through the real bridge and messengers, in any order and with failures; and tokens and
///         bridges that deceive.
contract SunsetStakerTest is SunsetFixture {
    bytes32 private constant SENT = keccak256("SentMessage(address,address,bytes,uint256,uint256)");

    struct Sent {
        address sender;
        address target;
        bytes message;
        uint256 nonce;
        uint256 gasLimit;
    }

    function test_a_claim_to_l2_arrives_as_pha() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_L2, receiver, 3 * PHA);
        assertEq(sent.length, 1);
        assertEq(l1Bridge.deposits(address(pha), address(l2Pha)), 3 ether);
        _relay(sent[0]);
        assertEq(l2Pha.balanceOf(receiver), 3 ether);
        assertEq(pha.allowance(address(claims), address(l1Bridge)), 0);
    }

    function test_a_claim_to_stake_arrives_as_vpha() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        assertEq(sent.length, 2);
        _relay(sent[0]);
        _relay(sent[1]);
        _staked(receiver, 3 ether);
    }

    function test_the_word_may_arrive_before_the_tokens() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        _relay(sent[1]);
        assertEq(staker.owedTo(receiver), 3 ether);
        vm.expectRevert(abi.encodeWithSelector(ISunsetStaker.SunsetStaker_NotArrived.selector, 3 ether, 0));
        staker.settle(receiver);
        _relay(sent[0]);
        vm.prank(stranger);
        staker.settle(receiver);
        _staked(receiver, 3 ether);
        vm.expectRevert(abi.encodeWithSelector(ISunsetStaker.SunsetStaker_NothingOwed.selector, receiver));
        staker.settle(receiver);
    }

    /// @dev Whatever the order of four messages of two claims, both end with what is theirs.
    function testFuzz_two_claims_meet_in_any_order(uint256 order) public {
        Sent[] memory first = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        Sent[] memory second = _claim(2, ClaimForm.TO_STAKE, stranger, 5 * PHA);
        Sent[] memory all = new Sent[](4);
        (all[0], all[1], all[2], all[3]) = (first[0], first[1], second[0], second[1]);
        for (uint256 left = 4; left > 0; --left) {
            uint256 next = order % left;
            order /= left;
            _relay(all[next]);
            all[next] = all[left - 1];
        }
        if (staker.owedTo(receiver) != 0) staker.settle(receiver);
        if (staker.owedTo(stranger) != 0) staker.settle(stranger);
        _staked(receiver, 3 ether);
        _staked(stranger, 5 ether);
    }

    function test_where_the_vault_refuses_the_receiver_has_the_pha() public {
        vault.refuse(true);
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        _relay(sent[0]);
        vm.expectEmit(address(staker));
        emit ISunsetStaker.Paid(receiver, 3 ether);
        _relay(sent[1]);
        assertEq(l2Pha.balanceOf(receiver), 3 ether);
        assertEq(l2Pha.allowance(address(staker), address(vault)), 0);
        assertEq(staker.owedTo(receiver), 0);
    }

    /// @dev Nobody can make the vault seem to refuse by giving it too little gas.
    function test_too_little_gas_settles_nothing() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        _relay(sent[1]);
        _relay(sent[0]);
        bytes memory call_ = abi.encodeCall(SunsetStaker.settle, (receiver));
        for (uint256 gas_ = 100_000; gas_ < 1_000_000; gas_ += 50_000) {
            uint256 before = vm.snapshotState();
            (bool done,) = address(staker).call{gas: gas_}(call_);
            if (done) _staked(receiver, 3 ether);
            else assertEq(staker.owedTo(receiver), 3 ether);
            vm.revertToState(before);
        }
        staker.settle(receiver);
        _staked(receiver, 3 ether);
    }

    /// @dev A vault that is not there yet: the message is replayed, by anyone, when it is.
    function test_a_vault_that_is_missing_is_waited_for() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        bytes memory code = address(vault).code;
        vm.etch(address(vault), "");
        _relay(sent[0]);
        _relay(sent[1]);
        assertEq(l2Pha.balanceOf(address(staker)), 3 ether);
        vm.etch(address(vault), code);
        Sent memory word = sent[1];
        vm.prank(stranger);
        l2Messenger.relayMessage(word.nonce, word.sender, word.target, 0, word.gasLimit, word.message);
        _staked(receiver, 3 ether);
    }

    function test_only_the_claims_contract_has_a_word() public {
        vm.expectRevert(
            abi.encodeWithSelector(ISunsetStaker.SunsetStaker_Unauthorized.selector, address(this))
        );
        staker.stakeFor(receiver, 1);
        // A message of anybody else is relayed, and fails.
        vm.recordLogs();
        l1Messenger.sendMessage(address(staker), abi.encodeCall(staker.stakeFor, (stranger, 1 ether)), 1_200_000);
        Sent[] memory sent = _sent();
        _relay(sent[0]);
        assertEq(staker.owedTo(stranger), 0);
    }

    function test_a_message_is_relayed_once() public {
        Sent[] memory sent = _claim(1, ClaimForm.TO_STAKE, receiver, 3 * PHA);
        _relay(sent[1]);
        vm.prank(AddressAliasing.applyL1ToL2Alias(address(l1Messenger)));
        vm.expectRevert();
        l2Messenger.relayMessage(
            sent[1].nonce, sent[1].sender, sent[1].target, 0, sent[1].gasLimit, sent[1].message
        );
        assertEq(staker.owedTo(receiver), 3 ether);
    }

    function test_the_staker_is_complete() public {
        vm.expectRevert(ISunsetStaker.SunsetStaker_ZeroAddress.selector);
        new SunsetStaker(address(0), l2Pha, IERC4626(address(vault)));
        vm.expectRevert(ISunsetStaker.SunsetStaker_ZeroAddress.selector);
        new SunsetStaker(address(claims), IERC20(address(0)), IERC4626(address(vault)));
        vm.expectRevert(ISunsetStaker.SunsetStaker_ZeroAddress.selector);
        new SunsetStaker(address(claims), l2Pha, IERC4626(address(0)));
    }

    // ---- tokens and bridges that deceive

    function test_a_token_with_a_fee_is_refused_where_it_takes_it() public {
        (SunsetClaims tricked, TrickToken token) = _tricked(l1Bridge);
        token.setFee(true);
        vm.expectRevert(_notReceived(1 ether, 1 ether - 1));
        tricked.fund(1 ether);
        token.setFee(false);
        tricked.fund(100 ether);
        token.setFee(true);
        _refusedBy(tricked, ClaimForm.TO_L1, _notReceived(1 ether, 1 ether - 1));
        _refusedBy(tricked, ClaimForm.TO_L2, _notReceived(1 ether, 1 ether - 1));
        _refusedBy(tricked, ClaimForm.TO_STAKE, _notReceived(1 ether, 1 ether - 1));
        assertEq(tricked.totalReleased(), 0);
    }

    function test_a_bridge_that_takes_nothing_keeps_nobodys_claim() public {
        (SunsetClaims tricked,) = _tricked(IL1StandardBridge(payable(address(new IdleBridge()))));
        tricked.fund(100 ether);
        _refusedBy(tricked, ClaimForm.TO_L2, _notReceived(1 ether, 0));
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _ownership(tricked, order);
        tricked.claim(_entitlement(0), order, ownership);
        assertEq(tricked.totalReleased(), 1 ether);
    }

    function test_a_token_that_calls_back_gets_in_nowhere() public {
        (SunsetClaims tricked, TrickToken token) = _tricked(l1Bridge);
        tricked.fund(100 ether);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _ownership(tricked, order);
        Entitlement memory entitlement = _entitlement(0);
        token.setCallback(address(tricked), abi.encodeCall(tricked.claim, (entitlement, order, ownership)));
        tricked.claim(entitlement, order, ownership);
        assertTrue(token.refusedReentry(), "refused");
        assertEq(token.balanceOf(receiver), 1 ether);
        assertEq(tricked.totalReleased(), 1 ether);
        token.setCallback(address(tricked), abi.encodeCall(tricked.fund, (1)));
        tricked.fund(1);
        assertTrue(token.refusedReentry(), "refused");
        token.setCallback(address(tricked), abi.encodeCall(tricked.sweep, ()));
        vm.warp(tricked.closesAt());
        tricked.sweep();
        assertTrue(token.refusedReentry(), "refused");
    }

    function _tricked(IL1StandardBridge bridge) private returns (SunsetClaims tricked, TrickToken token) {
        _hold(_key(1), PHA);
        token = new TrickToken(address(this));
        ClaimTerms memory terms = _terms();
        (terms.token, terms.bridge) = (token, bridge);
        tricked = new SunsetClaims(terms);
        token.approve(address(tricked), type(uint256).max);
    }

    function _ownership(SunsetClaims tricked, Order memory order) private view returns (KeySignature memory) {
        return _sign(1, tricked.message(_key(1), PHA, order, ClaimRole.OWNER));
    }

    function _refusedBy(SunsetClaims tricked, ClaimForm form, bytes memory reason) private {
        Order memory order = _order(form);
        KeySignature memory ownership = _ownership(tricked, order);
        Entitlement memory entitlement = _entitlement(0);
        vm.expectRevert(reason);
        tricked.claim(entitlement, order, ownership);
    }

    function _notReceived(uint256 wanted, uint256 found) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_NotReceived.selector, wanted, found);
    }

    /// @dev The key's claim, and the messages that it sends to L2.
    function _claim(uint256 key, ClaimForm form, address to, uint256 planck) private returns (Sent[] memory) {
        uint256 index = _hold(_key(key), planck);
        Order memory order = _order(form);
        order.receiver = to;
        KeySignature memory ownership = _owned(index, order, key);
        Entitlement memory entitlement = _entitlement(index);
        vm.recordLogs();
        claims.claim(entitlement, order, ownership);
        return _sent();
    }

    function _sent() private returns (Sent[] memory sent) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Sent[] memory found = new Sent[](logs.length);
        uint256 count;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != SENT) continue;
            Sent memory one = found[count++];
            one.target = address(uint160(uint256(logs[i].topics[1])));
            (one.sender, one.message, one.nonce, one.gasLimit) =
                abi.decode(logs[i].data, (address, bytes, uint256, uint256));
        }
        sent = new Sent[](count);
        for (uint256 i = 0; i < count; ++i) {
            sent[i] = found[i];
        }
    }

    /// @dev As derivation does, with the gas that was bought on L1.
    function _relay(Sent memory sent) private {
        uint64 gas_ = l1Messenger.baseGas(sent.message, uint32(sent.gasLimit));
        vm.prank(AddressAliasing.applyL1ToL2Alias(address(l1Messenger)));
        l2Messenger.relayMessage{gas: gas_}(
            sent.nonce, sent.sender, sent.target, 0, sent.gasLimit, sent.message
        );
    }

    function _staked(address holder, uint256 amount) private view {
        assertEq(vault.convertToAssets(vault.balanceOf(holder)), amount);
        assertEq(staker.owedTo(holder), 0);
        assertEq(l2Pha.balanceOf(holder), 0);
    }
}
