// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ClaimText} from "./ClaimText.sol";
import {ClaimForm, ClaimRole, Order} from "./interfaces/ISunsetClaims.sol";

/// @notice What each message is bound to, besides its own content.
/// @param genesisHash The parachain.
/// @param height Its last block.
struct ClaimOrigin {
    bytes32 genesisHash;
    uint64 height;
}

/// @title ClaimMessage
/// @notice The texts that holders sign, for this chain and this contract. Same bytes: bridge/sunset/message.ts. The layout
///         is docs/spec/pha-claims.md.
library ClaimMessage {
    /// @notice `account` takes `planck` as `order` says.
    function claim(ClaimOrigin memory origin, bytes32 account, uint256 planck, Order memory order, ClaimRole role)
        internal
        view
        returns (bytes memory)
    {
        bytes memory what = bytes.concat(
            "Claim of PHA from a parachain that has ended\n\nAmount: ",
            ClaimText.phaOf(planck),
            " PHA\nReceiver: ",
            ClaimText.hexOf(order.receiver),
            "\nForm: ",
            _nameOf(order.form),
            "\nAccount: ",
            ClaimText.hexOf(account)
        );
        return bytes.concat(what, "\nSigned as: ", _nameOf(role), _tail(origin, order.deadline));
    }

    /// @notice `account` shuts out `delegate`.
    function veto(ClaimOrigin memory origin, bytes32 account, bytes32 delegate, uint64 deadline)
        internal
        view
        returns (bytes memory)
    {
        bytes memory what = bytes.concat(
            "Veto of a proxy's claims of PHA from a parachain that has ended\n\nProxy: ",
            ClaimText.hexOf(delegate),
            "\nAccount: ",
            ClaimText.hexOf(account)
        );
        return bytes.concat(what, _tail(origin, deadline));
    }

    /// @notice What Polkadot wallets sign when they are asked to sign a person's message.
    function wrap(bytes memory text) internal pure returns (bytes memory) {
        return bytes.concat("<Bytes>", text, "</Bytes>");
    }

    function _tail(ClaimOrigin memory origin, uint64 deadline) private view returns (bytes memory) {
        bytes memory source = bytes.concat(
            "\nDeadline: ",
            ClaimText.timeOf(deadline),
            "\nParachain genesis: ",
            ClaimText.hexOf(origin.genesisHash),
            "\nParachain height: ",
            bytes(Strings.toString(origin.height))
        );
        return bytes.concat(
            source,
            "\nEthereum chain id: ",
            bytes(Strings.toString(block.chainid)),
            "\nContract: ",
            ClaimText.hexOf(address(this))
        );
    }

    function _nameOf(ClaimForm form) private pure returns (bytes memory) {
        if (form == ClaimForm.TO_L1) return "PHA on Ethereum";
        if (form == ClaimForm.TO_L2) return "PHA on the Phala L2";
        return "staked PHA (vPHA) on the Phala L2";
    }

    function _nameOf(ClaimRole role) private pure returns (bytes memory) {
        if (role == ClaimRole.OWNER) return "owner of the account";
        if (role == ClaimRole.SIGNATORY) return "signatory of the account, a multisig";
        return "proxy of the account";
    }
}
