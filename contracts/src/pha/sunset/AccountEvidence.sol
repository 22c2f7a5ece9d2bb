// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISubstrateSignatures} from "../keys/interfaces/ISubstrateSignatures.sol";
import {ClaimMessage} from "./ClaimMessage.sol";
import {ISunsetClaims, KeySignature, Multisig, Owners} from "./interfaces/ISunsetClaims.sol";

/// @title AccountEvidence
/// @notice Whose consent to a message signatures show: a key's account, or a multisig's.
abstract contract AccountEvidence is ISunsetClaims {
    /// @inheritdoc ISunsetClaims
    ISubstrateSignatures public immutable signatures;

    /// @inheritdoc ISunsetClaims
    mapping(bytes32 messageHash => mapping(bytes32 account => bool)) public isApproved;

    constructor(ISubstrateSignatures signatures_) {
        require(address(signatures_).code.length != 0, SunsetClaims_NoCode(address(signatures_)));
        signatures = signatures_;
    }

    /// @inheritdoc ISunsetClaims
    function approve(bytes calldata message_, KeySignature[] calldata keys) external {
        bytes32 messageHash = keccak256(message_);
        for (uint256 i = 0; i < keys.length; ++i) {
            bytes32 account = _signer(keys[i], message_, i);
            isApproved[messageHash][account] = true;
            emit Approved(account, messageHash);
        }
    }

    /// @dev The account must be the one that the evidence shows.
    function _requireOwned(bytes32 account, Owners calldata owners, bytes memory text) internal view {
        bytes32 shown = _shown(owners, text);
        require(shown == account, SunsetClaims_OtherAccount(account, shown));
    }

    /// @dev The key's account, if the signature is over the text.
    function _signer(KeySignature calldata key, bytes memory text, uint256 index) internal view returns (bytes32) {
        bytes memory signed = key.wrapped ? ClaimMessage.wrap(text) : text;
        require(
            signatures.isValid(key.kind, key.publicKey, signed, key.signature), SunsetClaims_InvalidSignature(index)
        );
        return signatures.accountOf(key.kind, key.publicKey);
    }

    /// @dev Keys first, then multisigs in order: each sees only accounts that are shown already, so there are no circles.
    function _shown(Owners calldata owners, bytes memory text) private view returns (bytes32) {
        uint256 count = owners.keys.length + owners.earlier.length;
        bytes32[] memory shown = new bytes32[](count + owners.multisigs.length);
        for (uint256 i = 0; i < owners.keys.length; ++i) {
            shown[i] = _signer(owners.keys[i], text, i);
        }
        bytes32 messageHash = keccak256(text);
        for (uint256 i = 0; i < owners.earlier.length; ++i) {
            bytes32 account = owners.earlier[i];
            require(isApproved[messageHash][account], SunsetClaims_NotApproved(account));
            shown[owners.keys.length + i] = account;
        }
        if (owners.multisigs.length == 0) require(count == 1, SunsetClaims_NoAccountShown());
        for (uint256 i = 0; i < owners.multisigs.length; ++i) {
            shown[count] = _multisig(owners.multisigs[i], shown, count);
            ++count;
        }
        return shown[count - 1];
    }

    /// @dev The multisig's account, if enough of its signatories are among the first `count` of `shown`. Its signatories
    ///      ascend strictly, so that each counts once.
    function _multisig(Multisig calldata multisig, bytes32[] memory shown, uint256 count)
        private
        view
        returns (bytes32 account)
    {
        account = signatures.multisigAccountOf(multisig.signatories, multisig.threshold);
        uint256 agree;
        for (uint256 i = 0; i < multisig.signatories.length; ++i) {
            bytes32 signatory = multisig.signatories[i];
            uint256 j;
            while (j < count && shown[j] != signatory) ++j;
            if (j < count) ++agree;
        }
        require(agree >= multisig.threshold, SunsetClaims_TooFewSignatories(multisig.threshold, agree));
    }
}
