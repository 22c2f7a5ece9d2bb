// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claim} from "../Claim.sol";

/// @title IProverRegistry
/// @notice Which signing keys are provers, and which hardware vendor each of them trusts. The threshold of a proof counts
///         host vendors, never keys: a vendor that is forged entirely must still not be able to finalise a root.
interface IProverRegistry {
    /// @notice Who made the CPU whose attestation the key rests on.
    enum HostVendor {
        NONE,
        INTEL,
        AMD
    }

    /// @notice The environment the key was born in. The host vendor follows from it and is never given freely.
    enum Kind {
        NONE,
        TDX,
        SEV_SNP,
        TDX_GPU,
        SEV_SNP_GPU
    }

    /// @param kind Environment of the key; NONE = never registered.
    /// @param simulated The environment is a simulation: no hardware stands behind the key.
    /// @param revoked The key itself was revoked.
    /// @param registeredAt Unix seconds.
    /// @param expiresAt Unix seconds; the key is valid strictly before.
    /// @param measurement Identity of the measured image in which the key was born.
    struct Prover {
        Kind kind;
        bool simulated;
        bool revoked;
        uint64 registeredAt;
        uint64 expiresAt;
        bytes32 measurement;
    }

    event ProverRegistered(
        address indexed key, Kind indexed kind, bytes32 indexed measurement, uint64 expiresAt, bool simulated
    );
    event ProverRevoked(address indexed key);
    event MeasurementRevoked(bytes32 indexed measurement);
    /// @notice `key` signed both `outputRoot` and `otherOutputRoot` for one and the same input.
    event Equivocation(address indexed key, bytes32 outputRoot, bytes32 otherOutputRoot);

    /// @notice Neither the owner nor the guardian.
    error ProverRegistry_Unauthorized(address caller);
    error ProverRegistry_ZeroKey();
    error ProverRegistry_ZeroMeasurement();
    error ProverRegistry_UnknownKind();
    /// @notice The key was registered before. A revoked or expired key never returns: a new one is born instead.
    error ProverRegistry_AlreadyRegistered(address key);
    /// @notice `expiresAt` is not within (now, now + MAX_KEY_LIFETIME].
    error ProverRegistry_InvalidExpiry(uint64 expiresAt);
    /// @notice This deployment accepts no prover without hardware behind it.
    error ProverRegistry_SimulatedProver(address key);
    error ProverRegistry_UnknownKey(address key);
    error ProverRegistry_RevokedKey(address key);
    error ProverRegistry_RevokedMeasurement(bytes32 measurement);
    error ProverRegistry_ExpiredKey(address key, uint64 expiredAt);
    /// @notice Not 65 bytes, malleable (high s), or of no key.
    error ProverRegistry_InvalidSignature();
    /// @notice The two claims are not two outputs for one input by one key.
    error ProverRegistry_NoEquivocation();

    /// @notice Registers `key`. Only the owner (the timelock).
    function register(address key, Kind kind, bytes32 measurement, uint64 expiresAt, bool simulated) external;

    /// @notice Revokes one key at once and for ever. The owner or the guardian: removal must not wait for a timelock.
    function revoke(address key) external;

    /// @notice Revokes every key born in the image, at once and for ever, and each later one. The owner or the guardian.
    function revokeMeasurement(bytes32 measurement) external;

    /// @notice Revokes a key that signed two outputs for one input. Anyone may show the two signatures.
    /// @param claim One of the claims.
    /// @param signature Its signature.
    /// @param otherOutputRoot The output root of the other claim, all else equal.
    /// @param otherSignature The other claim's signature, by the same key.
    function reportEquivocation(
        Claim calldata claim,
        bytes calldata signature,
        bytes32 otherOutputRoot,
        bytes calldata otherSignature
    ) external;

    /// @notice Checks that a valid key signed `claim`, and says which.
    /// @return key The signer.
    /// @return vendor Its host vendor.
    /// @return gpu Whether its kind includes an attested GPU.
    function verify(Claim calldata claim, bytes calldata signature)
        external
        view
        returns (address key, HostVendor vendor, bool gpu);

    /// @notice The EIP-712 digest that a prover signs.
    function claimDigest(Claim calldata claim) external view returns (bytes32);

    /// @notice Whether the key was ever registered. Says nothing of validity.
    function isRegistered(address key) external view returns (bool);

    /// @notice Whether a signature of the key counts now: registered, not revoked, its measurement not revoked, not expired.
    function isValid(address key) external view returns (bool);

    function prover(address key) external view returns (Prover memory);

    /// @notice Who is paid for what the key earns; zero for a key that was never registered.
    function beneficiaryOf(address key) external view returns (address);

    /// @notice Number of keys ever registered, and the key at an index below it, for pages and monitors.
    function proverCount() external view returns (uint256);

    function proverAt(uint256 index) external view returns (address key);

    function isMeasurementRevoked(bytes32 measurement) external view returns (bool);

    /// @notice Whether provers without hardware are accepted. Fixed for ever at initialisation; false in production.
    function dangerouslyAcceptsSimulated() external view returns (bool);

    function hostVendor(Kind kind) external pure returns (HostVendor);

    function hasGpu(Kind kind) external pure returns (bool);

    function version() external pure returns (string memory);
}
