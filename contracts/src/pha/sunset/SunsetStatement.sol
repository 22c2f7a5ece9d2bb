// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What provers sign of the sunset: "in the parachain of `genesisHash`, the block `blockHash` at `height` is final
///         and has the state `stateRoot`; the claims counted from that whole state are the leaves under `claimsRoot`".
///         Amounts in planck: issuance = claimable + excluded + rounding.
struct Sunset {
    bytes32 genesisHash;
    uint64 height;
    bytes32 blockHash;
    bytes32 stateRoot;
    bytes32 claimsRoot;
    uint256 issuance;
    uint256 claimable;
    uint256 excluded;
    uint256 rounding;
}

/// @title SunsetLib
/// @notice EIP-712 hashes of a statement (protocol/sunset-statement.ts has the same). The domain's salt is the hash of what
///         a statement is judged by: what was judged otherwise is worth nothing here.
library SunsetLib {
    bytes32 internal constant TYPEHASH = keccak256(
        // solhint-disable-next-line max-line-length
        "Sunset(bytes32 genesisHash,uint64 height,bytes32 blockHash,bytes32 stateRoot,bytes32 claimsRoot,uint256 issuance,uint256 claimable,uint256 excluded,uint256 rounding)"
    );

    bytes32 private constant SETTINGS_TAG = keccak256("phala-l2 sunset settings, version 2");
    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant NAME_HASH = keccak256("Phala L2 sunset");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice What a statement is judged by.
    function settingsHash(bytes32 finalityAnchor, uint32 rules, uint64 registrationsFrom)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(SETTINGS_TAG, finalityAnchor, rules, registrationsFrom));
    }

    /// @notice `hashStruct` of EIP-712. All members are words, so that their encoding is the struct's own.
    function structHash(Sunset memory sunset) internal pure returns (bytes32) {
        return keccak256(abi.encode(TYPEHASH, sunset));
    }

    /// @notice The digest that a prover signs for the contract `verifyingContract` on this chain.
    function digest(Sunset memory sunset, address verifyingContract, bytes32 settings)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, verifyingContract, settings
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash(sunset)));
    }
}
