// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../../../settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../../tee/interfaces/IProverRegistry.sol";
import {Sunset} from "../SunsetStatement.sol";

/// @notice What a registry is for ever.
/// @param proverRegistry Tells whose signatures count.
/// @param systemConfig Names the guardian.
/// @param minHostVendors Distinct host vendors that a statement needs; at least two.
/// @param genesisHash The parachain.
/// @param finalityAnchor What the proof of the block's finality starts from; zero where provers take their own nodes' word.
/// @param rules Version of the rules by which claims are counted.
/// @param registrationsFrom First block whose remarks register receivers; zero where none does.
/// @param height Its last block that counts. Provers sign what is true of any block: nobody may choose a better one later.
/// @param challengePeriod Seconds from a proposal to its finality, and from a proposal's end to the next.
struct RegistryTerms {
    IProverRegistry proverRegistry;
    ISystemConfig systemConfig;
    uint8 minHostVendors;
    bytes32 genesisHash;
    bytes32 finalityAnchor;
    uint32 rules;
    uint64 registrationsFrom;
    uint64 height;
    uint64 challengePeriod;
}

/// @title ISunsetRegistry
/// @notice Who is owed what of one parachain, decided once and for ever. Provers of several host vendors make a statement,
///         anyone submits it, and after the challenge period anyone makes it final, if provers of as many vendors count
///         then: those that proposed it, or others that say the same.
///
/// Until then one valid prover's word against it voids it, whoever is right: a contract cannot tell. So does the guardian,
/// a few times. What was voided may be proposed again after another challenge period, in which the key that lied can be
/// ended (`IProverRegistry.revoke`). No path lets the guardian, an owner or one vendor choose a root.
interface ISunsetRegistry {
    enum Status {
        NONE,
        PROPOSED,
        FINAL
    }

    enum VoidedBy {
        CONTRADICTION,
        GUARDIAN,
        /// Its provers counted no more when the next was proposed.
        LOST_SUPPORT
    }

    event Proposed(bytes32 indexed statement, bytes32 indexed claimsRoot, Sunset sunset, uint256 finalAt);
    event Contradicted(bytes32 indexed statement, bytes32 indexed other, address indexed key);
    /// @notice `key` signed both statements.
    event Equivocation(address indexed key, bytes32 statement, bytes32 other);
    event Voided(bytes32 indexed statement, VoidedBy indexed by, uint256 reopensAt);
    event Finalized(bytes32 indexed statement, bytes32 indexed claimsRoot);

    error SunsetRegistry_ZeroAddress();
    /// @notice Below two, or above the number of vendors that exist.
    error SunsetRegistry_InvalidHostVendors(uint8 minHostVendors);
    /// @notice Nothing, or more than MAX_CHALLENGE_PERIOD.
    error SunsetRegistry_InvalidChallengePeriod(uint64 challengePeriod);

    /// @notice Registrations that begin after the last block that counts.
    error SunsetRegistry_InvalidRegistrations(uint64 from, uint64 height);

    error SunsetRegistry_AlreadyFinal();
    error SunsetRegistry_NotFinal();
    /// @notice A proposal is there that its provers still support.
    error SunsetRegistry_AlreadyProposed(bytes32 statement);
    error SunsetRegistry_NotProposed();
    /// @notice A proposal was voided; the next may be made at `reopensAt` (Unix seconds).
    error SunsetRegistry_Closed(uint256 reopensAt);
    error SunsetRegistry_OtherGenesis(bytes32 wanted, bytes32 found);
    error SunsetRegistry_OtherHeight(uint64 wanted, uint64 found);
    /// @notice A hash or root of zero.
    error SunsetRegistry_ZeroHash();
    /// @notice Nothing to claim, more than a parachain can hold, or a sum that is not the issuance.
    error SunsetRegistry_InvalidAmounts();
    /// @notice Signature `index` is not 65 bytes, malleable (high s), or of no key.
    error SunsetRegistry_InvalidSignature(uint256 index);
    /// @notice The signer is no prover, or its signatures no longer count.
    error SunsetRegistry_KeyDoesNotCount(address key);
    error SunsetRegistry_DuplicateKey(address key);
    /// @notice More signatures than are ever needed.
    error SunsetRegistry_TooManySignatures(uint256 most, uint256 found);
    /// @notice The provers that count are of fewer host vendors than it takes.
    error SunsetRegistry_TooFewVendors(uint256 wanted, uint256 found);
    /// @notice The same statement: no contradiction.
    error SunsetRegistry_NoContradiction();
    /// @notice Two keys: which of both lies is not said by that.
    error SunsetRegistry_OtherKey(address key, address otherKey);
    /// @notice Without an anchor of finality a key signs whatever block it is shown, honestly.
    error SunsetRegistry_NoAnchor();
    error SunsetRegistry_TooEarly(uint256 finalAt);
    error SunsetRegistry_Unauthorized(address caller);
    error SunsetRegistry_NoFreezeLeft();

    /// @notice Proposes a statement. Anyone may. One that stands and has lost its support makes room for another, for which
    ///         the challenge period begins; the same one takes the new keys and keeps its `finalAt`.
    /// @param signatures 65 bytes each over `digest`, of provers whose keys count now, of at least `minHostVendors`
    ///        distinct host vendors; every one must count.
    function propose(Sunset calldata sunset, bytes[] calldata signatures) external;

    /// @notice Voids the proposal by one valid prover's signature over another statement about the same block height.
    function contradict(Sunset calldata other, bytes calldata signature) external;

    /// @notice Has the prover registry punish a key that signed two statements about this block. Anyone may, whenever; the
    ///         registry rewards the caller (`IProverRegistry.convict`), if governance has made this contract a court. An
    ///         honest key signs one: the block is final, its state and the window of registrations are whole.
    function reportEquivocation(
        Sunset calldata sunset,
        bytes calldata signature,
        Sunset calldata other,
        bytes calldata otherSignature
    ) external;

    /// @notice Voids the proposal. The guardian, at most MAX_FREEZES times.
    function freeze() external;

    /// @notice Makes the proposal final, after the challenge period. Anyone may. Keys that count at this moment, of the
    ///         proposal and of these signatures together, must be of `minHostVendors` distinct vendors.
    /// @param signatures Over the proposal's `digest`, at most MAX_SIGNATURES, also none. One by a key that does not count,
    ///        or counts already, is skipped.
    function finalize(bytes[] calldata signatures) external;

    /// @notice The EIP-712 digest that a prover signs.
    function digest(Sunset calldata sunset) external view returns (bytes32);

    function status() external view returns (Status);

    /// @notice The statement that is final.
    function finalSunset() external view returns (Sunset memory);

    /// @notice The statement that is proposed or final, zero if there is none, and the keys that signed it.
    function proposal() external view returns (Sunset memory sunset, address[] memory keys);

    /// @notice Unix seconds from which on the proposal can be made final; zero without a proposal.
    function finalAt() external view returns (uint256);

    /// @notice Unix seconds before which nothing can be proposed.
    function reopensAt() external view returns (uint256);

    /// @notice Unix seconds at which the statement became final; zero before.
    function finalizedAt() external view returns (uint256);

    /// @notice The root of the final statement. Reverts before.
    function finalClaimsRoot() external view returns (bytes32);

    /// @notice Freezes that the guardian has left, for ever.
    function freezesLeft() external view returns (uint256);

    function proverRegistry() external view returns (IProverRegistry);
    function systemConfig() external view returns (ISystemConfig);
    function minHostVendors() external view returns (uint8);
    function genesisHash() external view returns (bytes32);

    /// @notice What a statement is judged by: `sunsetSettingsHash` of protocol/sunset-statement.ts.
    function settingsHash() external view returns (bytes32);
    function finalityAnchor() external view returns (bytes32);
    function registrationsFrom() external view returns (uint64);
    function height() external view returns (uint64);
    function challengePeriod() external view returns (uint64);
}
