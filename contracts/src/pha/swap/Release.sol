// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What provers sign of the live swap: "in the parachain of `genesisHash`, the block `blockHash` at `height` is
///         final and has the state in which the event `eventIndex`, of the extrinsic `extrinsicIndex`, paid `planck` from
///         `sender` to the swap account; `sender` names `receiver` for it".
struct Release {
    bytes32 genesisHash;
    uint64 height;
    bytes32 blockHash;
    uint32 extrinsicIndex;
    uint32 eventIndex;
    bytes32 sender;
    address receiver;
    uint256 planck;
}

/// @title ReleaseLib
/// @notice EIP-712 hashes of a release. The domain's salt is the hash of the swap's settings, by which provers judge what a
///         deposit is: what was judged by other settings is worth nothing here.
library ReleaseLib {
    bytes32 internal constant TYPEHASH = keccak256(
        // solhint-disable-next-line max-line-length
        "Release(bytes32 genesisHash,uint64 height,bytes32 blockHash,uint32 extrinsicIndex,uint32 eventIndex,bytes32 sender,address receiver,uint256 planck)"
    );

    bytes32 private constant DOMAIN_TYPEHASH = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
    );
    bytes32 private constant NAME_HASH = keccak256("Phala L2 swap");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice What a deposit is released once by, whatever else a statement about it says: an event's place in its chain.
    function depositId(bytes32 genesisHash, uint64 height, uint32 eventIndex) internal pure returns (bytes32) {
        return keccak256(abi.encode(genesisHash, height, eventIndex));
    }

    /// @notice Whether no honest key, judging by one and the same settings with an anchor, could sign both: one event of one
    ///         chain, told in two ways. Two receivers are no contradiction: a refused deposit is owed to whom a later one
    ///         names, and two later ones may name it.
    function contradicts(Release memory release, Release memory other) internal pure returns (bool) {
        bool isOneEvent = release.genesisHash == other.genesisHash && release.height == other.height
            && release.eventIndex == other.eventIndex;
        bool isToldAlike = release.blockHash == other.blockHash && release.extrinsicIndex == other.extrinsicIndex
            && release.sender == other.sender && release.planck == other.planck;
        return isOneEvent && !isToldAlike;
    }

    /// @notice `hashStruct` of EIP-712.
    function structHash(Release memory release) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TYPEHASH,
                release.genesisHash,
                release.height,
                release.blockHash,
                release.extrinsicIndex,
                release.eventIndex,
                release.sender,
                release.receiver,
                release.planck
            )
        );
    }

    /// @notice The digest that a prover signs for the contract `verifyingContract` on this chain.
    function digest(Release memory release, address verifyingContract, bytes32 settingsHash)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, verifyingContract, settingsHash
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash(release)));
    }
}
