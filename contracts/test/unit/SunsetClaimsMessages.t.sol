// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../../src/pha/keys/interfaces/ISubstrateSignatures.sol";
import {ClaimMessage, ClaimOrigin} from "../../src/pha/sunset/ClaimMessage.sol";
import {SunsetClaims} from "../../src/pha/sunset/SunsetClaims.sol";
import {
    ClaimForm,
    ClaimRole,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Order
} from "../../src/pha/sunset/interfaces/ISunsetClaims.sol";
import {SunsetFixture} from "./SunsetFixture.sol";

/// @notice The texts for any contract, as the contract itself makes them.
contract MessageMaker {
    function claim(ClaimOrigin memory origin, bytes32 account, uint256 planck, Order memory order, ClaimRole role)
        external
        view
        returns (bytes memory)
    {
        return ClaimMessage.claim(origin, account, planck, order, role);
    }

    function veto(ClaimOrigin memory origin, bytes32 account, bytes32 delegate, uint64 deadline)
        external
        view
        returns (bytes memory)
    {
        return ClaimMessage.veto(origin, account, delegate, deadline);
    }
}

/// @title SunsetClaimsMessagesTest
/// @notice What an account signs, for where and until when, and that nothing else counts.
contract SunsetClaimsMessagesTest is SunsetFixture {
    function test_texts_equal_the_shared_vectors() public {
        string memory json = vm.readFile("./protocol/vectors/sunset-messages.json");
        uint256 count;
        while (vm.keyExistsJson(json, _path(count, ".claim"))) {
            _sameTexts(json, count++);
        }
        assertTrue(count >= 5, "the file has vectors");
    }

    function test_only_the_exact_message_is_accepted() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        bytes32 account_ = leaves[index].account;
        _refusedText(index, order, claims.message(account_, PHA + 1, order, ClaimRole.OWNER));
        _refusedText(index, order, claims.message(_key(2), PHA, order, ClaimRole.OWNER));
        _refusedText(index, order, claims.message(account_, PHA, order, ClaimRole.SIGNATORY));
        _refusedText(index, order, claims.message(account_, PHA, order, ClaimRole.PROXY));
        _refusedText(index, order, claims.vetoMessage(account_, account_, order.deadline));
        _refusedText(index, order, "");
        Order memory other = _order(ClaimForm.TO_L1);
        other.receiver = stranger;
        _refusedText(index, order, _text(index, other, ClaimRole.OWNER));
        other = _order(ClaimForm.TO_L1);
        other.deadline += 1;
        _refusedText(index, order, _text(index, other, ClaimRole.OWNER));
        _refusedText(index, order, _text(index, _order(ClaimForm.TO_L2), ClaimRole.OWNER));
        _refusedText(index, order, _text(index, _order(ClaimForm.TO_STAKE), ClaimRole.OWNER));
        // Wrapped, but said to be raw, and the other way round.
        KeySignature memory ownership =
            _signAs(ISubstrateSignatures.KeyKind.SR25519, abi.encode(_key(1)), _ownerText(index, order), true);
        ownership.wrapped = false;
        _refused(index, order, ownership, _invalidSignature());
        ownership = _owned(index, order, 1);
        ownership.wrapped = true;
        _refused(index, order, ownership, _invalidSignature());
    }

    function test_another_chains_or_contracts_message_is_refused() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        uint256 chain = block.chainid;
        vm.chainId(chain + 1);
        _refused(index, order, ownership, _invalidSignature());
        vm.chainId(chain);
        SunsetClaims elsewhere = new SunsetClaims(_terms());
        pha.approve(address(elsewhere), FUNDED);
        elsewhere.fund(FUNDED);
        Entitlement memory entitlement = _entitlement(index);
        vm.expectRevert(_invalidSignature());
        elsewhere.claim(entitlement, order, ownership);
    }

    function test_whoever_submits_changes_nothing() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        Order memory stolen = _order(ClaimForm.TO_L1);
        stolen.receiver = stranger;
        vm.prank(stranger);
        _refused(index, stolen, ownership, _invalidSignature());
    }

    function test_another_keys_signature_is_refused() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        _refused(
            index,
            order,
            _owned(index, order, 2),
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_OtherAccount.selector, _key(1), _key(2))
        );
    }

    function test_deadlines_are_kept() public {
        uint256 index = _hold(_key(1), PHA);
        Order memory order = _order(ClaimForm.TO_L1);
        KeySignature memory ownership = _owned(index, order, 1);
        vm.warp(order.deadline + 1);
        _refused(
            index,
            order,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_Expired.selector, order.deadline)
        );
        vm.warp(order.deadline);
        Order memory endless = order;
        endless.deadline = claims.MAX_DEADLINE() + 1;
        _refused(
            index,
            endless,
            ownership,
            abi.encodeWithSelector(ISunsetClaims.SunsetClaims_DeadlineTooFar.selector, endless.deadline)
        );
        order = _order(ClaimForm.TO_L1);
        order.deadline = uint64(block.timestamp);
        ownership = _owned(index, order, 1);
        claims.claim(_entitlement(index), order, ownership);
    }

    function _sameTexts(string memory json, uint256 index) private {
        MessageMaker maker = MessageMaker(vm.parseJsonAddress(json, _path(index, ".contract")));
        vm.etch(address(maker), address(new MessageMaker()).code);
        bytes32 holder = vm.parseJsonBytes32(json, _path(index, ".account"));
        uint256 chain = block.chainid;
        vm.chainId(vm.parseJsonUint(json, _path(index, ".chainId")));
        assertEq(_claimText(maker, json, index, holder), bytes(vm.parseJsonString(json, _path(index, ".claim"))));
        bytes32 delegate = vm.parseJsonBytes32(json, _path(index, ".delegate"));
        bytes memory text =
            maker.veto(_originOf(json, index), holder, delegate, _orderOf(json, index).deadline);
        assertEq(text, bytes(vm.parseJsonString(json, _path(index, ".veto"))));
        vm.chainId(chain);
    }

    function _claimText(MessageMaker maker, string memory json, uint256 index, bytes32 holder)
        private
        view
        returns (bytes memory)
    {
        ClaimOrigin memory origin = _originOf(json, index);
        Order memory order = _orderOf(json, index);
        uint256 planck = vm.parseJsonUint(json, _path(index, ".planck"));
        uint256 role = vm.parseJsonUint(json, _path(index, ".role"));
        return maker.claim(origin, holder, planck, order, ClaimRole(role));
    }

    function _ownerText(uint256 index, Order memory order) private view returns (bytes memory) {
        return _text(index, order, ClaimRole.OWNER);
    }

    function _refusedText(uint256 index, Order memory order, bytes memory text) private {
        _refused(index, order, _sign(1, text), _invalidSignature());
    }

    function _invalidSignature() private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISunsetClaims.SunsetClaims_InvalidSignature.selector, 0);
    }

    function _path(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]", field);
    }

    function _originOf(string memory json, uint256 index) private pure returns (ClaimOrigin memory) {
        return ClaimOrigin(
            vm.parseJsonBytes32(json, _path(index, ".genesisHash")),
            uint64(vm.parseJsonUint(json, _path(index, ".height")))
        );
    }

    function _orderOf(string memory json, uint256 index) private pure returns (Order memory) {
        return Order(
            vm.parseJsonAddress(json, _path(index, ".receiver")),
            ClaimForm(vm.parseJsonUint(json, _path(index, ".form"))),
            uint64(vm.parseJsonUint(json, _path(index, ".deadline")))
        );
    }
}
