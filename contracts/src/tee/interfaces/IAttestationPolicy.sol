// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AmdProduct} from "../amd/SnpTcb.sol";
import {IProverRegistry} from "./IProverRegistry.sol";
import {ISnpTcbPolicy} from "./ISnpTcbPolicy.sol";
import {ITeeVerifier} from "./ITeeVerifier.sol";

/// @title IAttestationPolicy
/// @notice What is accepted of genuine evidence. Rules are loosened by the owner alone, whose timelock is the delay in which
///         people can leave; they are tightened by the owner, or at once by the guardian.
///
///         Each change is a version. Evidence names the version it was made under, and a key keeps it for life. Rules about
///         images, platforms and vendors are asked again at each proof; every other rule that is tightened raises
///         `leastVersionOf` the vendor that it is on, or of all, below which neither evidence nor a key counts. What a
///         tightening ended stays ended: a later loosening admits new keys, it brings none back.
interface IAttestationPolicy is ISnpTcbPolicy {
    /// @notice Whether a key may prove, or which rule says no.
    enum Standing {
        ALLOWED,
        /// The key is of a version below `leastVersionOf` its vendor, or of one that is not yet.
        VERSION_OUTDATED,
        /// The vendor is nullified.
        VENDOR_NULLIFIED,
        /// The image is not accepted, or was removed since the key's version.
        MEASUREMENT_NOT_ACCEPTED,
        /// The image's GPU does no work of the proof, and policy accepts no mere presence, or did not since.
        PRESENCE_ONLY,
        /// The platform is denied, or was denied or unlisted since the key's version.
        PLATFORM_DENIED,
        /// Only listed platforms are accepted, or were since the key's version, and this one is not listed.
        PLATFORM_NOT_LISTED
    }

    /// @param measurement Identity of the image, as the vendor's verifier tells it.
    /// @param kind The one environment it is accepted for.
    /// @param presenceOnly Of an image with GPUs: they recompute nothing, their presence is all that is shown.
    struct Image {
        bytes32 measurement;
        IProverRegistry.Kind kind;
        bool presenceOnly;
    }

    /// @notice What the policy begins with, as version 1.
    /// @param images Accepted images.
    /// @param gpuMeasurements Accepted measurements of GPUs.
    /// @param platforms Listed platforms.
    /// @param platformsListed Whether only listed platforms are accepted.
    /// @param acceptsPresenceOnly Whether images are accepted whose GPU is only shown to be present.
    /// @param minimumGpus Least GPUs of an environment with any; at least 1.
    /// @param keyLifetime Seconds for which a key is registered at most; at most MAX_KEY_LIFETIME.
    /// @param minimumTcbEvaluation Lowest of Intel's evaluations by which a platform may have been judged.
    /// @param minimumTcbGenoa See `ISnpTcbPolicy`.
    /// @param minimumTcbTurin See `ISnpTcbPolicy`.
    /// @param bond PHA that a registration posts, 18 decimals.
    struct Rules {
        Image[] images;
        bytes32[] gpuMeasurements;
        bytes32[] platforms;
        bool platformsListed;
        bool acceptsPresenceOnly;
        uint8 minimumGpus;
        uint64 keyLifetime;
        uint32 minimumTcbEvaluation;
        uint40 minimumTcbGenoa;
        uint40 minimumTcbTurin;
        uint96 bond;
    }

    event VersionChanged(uint64 version, uint64 leastVersion);
    event MeasurementAccepted(bytes32 indexed measurement, IProverRegistry.Kind indexed kind, bool presenceOnly);
    event MeasurementRemoved(bytes32 indexed measurement);
    event GpuMeasurementAccepted(bytes32 indexed measurement);
    event GpuMeasurementRemoved(bytes32 indexed measurement);
    event PlatformListed(bytes32 indexed platformId, bool listed);
    event PlatformDenied(bytes32 indexed platformId, bool denied);
    event PlatformsListedChanged(bool platformsListed);
    /// @param until Unix seconds; 0 ends it.
    event GraceChanged(
        IProverRegistry.HostVendor indexed vendor, uint8 indexed tcbStatus, bytes32 indexed advisories, uint64 until
    );
    event MinimumTcbEvaluationChanged(uint32 minimum);
    event MinimumTcbChanged(AmdProduct indexed product, uint40 minimum);
    event KeyLifetimeChanged(uint64 keyLifetime);
    event MinimumGpusChanged(uint8 minimum);
    event PresenceOnlyChanged(bool accepted);
    event VendorNullified(IProverRegistry.HostVendor indexed vendor, address indexed by);
    event VendorRestored(IProverRegistry.HostVendor indexed vendor);
    event BondChanged(uint96 bond);

    /// @notice The caller may not make this change.
    error AttestationPolicy_Unauthorized(address caller);
    /// @notice Zero, or no kind of environment, or mere presence of a GPU where none is.
    error AttestationPolicy_InvalidImage(bytes32 measurement, IProverRegistry.Kind kind, bool presenceOnly);
    /// @notice An image is accepted for one kind; remove it first.
    error AttestationPolicy_AlreadyAccepted(bytes32 measurement);
    /// @notice Zero is no identity.
    error AttestationPolicy_ZeroId();
    /// @notice The best status needs no grace, a grace ends after now, and NONE is no vendor.
    error AttestationPolicy_InvalidGrace(IProverRegistry.HostVendor vendor, uint8 tcbStatus, uint64 until);
    error AttestationPolicy_InvalidKeyLifetime(uint64 keyLifetime);
    error AttestationPolicy_InvalidMinimumGpus(uint8 minimum);
    error AttestationPolicy_InvalidVendor(IProverRegistry.HostVendor vendor);
    /// @notice The change changes nothing.
    error AttestationPolicy_NothingChanges();

    /// @notice Evidence of another environment than the one claimed, or than its image is accepted for.
    error AttestationPolicy_KindMismatch(IProverRegistry.Kind claimed, IProverRegistry.Kind found);
    /// @notice No key of this image, platform, vendor and version may prove.
    error AttestationPolicy_NotAllowed(Standing standing);
    /// @notice The vendor has something against the TCB, and no grace covers it now.
    error AttestationPolicy_TcbStatusNotAccepted(
        IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories
    );
    error AttestationPolicy_TcbEvaluationOutdated(uint32 minimum, uint32 found);
    error AttestationPolicy_TooFewGpus(uint256 minimum, uint256 found);
    error AttestationPolicy_GpuMeasurementNotAccepted(uint256 index, bytes32 measurement);

    /// @notice Accepts an image, for one kind. Only the owner.
    function acceptMeasurement(bytes32 measurement, IProverRegistry.Kind kind, bool presenceOnly) external;

    /// @notice Ends an image and every key born in it. The owner or the guardian.
    function removeMeasurement(bytes32 measurement) external;

    /// @notice Accepts GPUs that measure so. Only the owner.
    function acceptGpuMeasurement(bytes32 measurement) external;

    /// @notice Ends GPUs that measure so; raises `leastVersion`. The owner or the guardian.
    function removeGpuMeasurement(bytes32 measurement) external;

    /// @notice Lists a platform: the owner. Unlists it: also the guardian. It matters while only listed ones are accepted.
    function setPlatformListed(bytes32 platformId, bool listed) external;

    /// @notice Denies a platform, listed or not: the owner or the guardian. Ends that: the owner.
    function setPlatformDenied(bytes32 platformId, bool denied) external;

    /// @notice Accepts only listed platforms: the owner or the guardian. Accepts others again: the owner.
    function setPlatformsListed(bool platformsListed_) external;

    /// @notice Accepts a TCB status with exactly these advisories until a time. Only the owner; to shorten it, which raises
    ///         `leastVersionOf` the vendor, also the guardian.
    function setGrace(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories, uint64 until) external;

    /// @notice Lowers: the owner. Raises, and `leastVersionOf` Intel with it: also the guardian.
    function setMinimumTcbEvaluation(uint32 minimum) external;

    /// @notice Lowers some part of the TCB: the owner. Raises only, and `leastVersionOf` AMD with it: also the guardian.
    function setMinimumTcb(AmdProduct product, uint40 minimum) external;

    /// @notice Lengthens: the owner. Shortens, and raises `leastVersion`: also the guardian.
    function setKeyLifetime(uint64 keyLifetime_) external;

    /// @notice Lowers: the owner. Raises, and `leastVersion` with it: also the guardian.
    function setMinimumGpus(uint8 minimum) external;

    /// @notice Accepts mere presence of GPUs: the owner. Ends that: also the guardian.
    function setAcceptsPresenceOnly(bool accepted) external;

    /// @notice Ends every key of a vendor. The owner, the guardian, or the registry, to which somebody showed two outputs
    ///         that the vendor's hardware signed for one input. Nothing happens where the vendor is nullified already.
    function nullifyVendor(IProverRegistry.HostVendor vendor) external;

    /// @notice Accepts new keys of a vendor again. Only the owner.
    function restoreVendor(IProverRegistry.HostVendor vendor) external;

    /// @notice What a registration posts from now on. Only the owner.
    function setBond(uint96 bond_) external;

    /// @notice Judges genuine evidence as of now; reverts with the rule that it does not satisfy.
    /// @param kind Environment that is claimed.
    /// @param policyVersion Version that the evidence was made under.
    /// @param report What the vendor's verifier said.
    /// @param gpuMeasurements Of each GPU, in the order of their indices.
    /// @return validUntil Unix seconds at which the key ends by these rules; it is valid strictly before.
    function judge(
        IProverRegistry.Kind kind,
        uint64 policyVersion,
        ITeeVerifier.Report calldata report,
        bytes32[] calldata gpuMeasurements
    ) external view returns (uint64 validUntil);

    /// @notice Whether a TCB is good enough now: the best status, or a grace for it, and of no evaluation too old.
    function acceptsTcb(
        IProverRegistry.HostVendor vendor,
        uint8 tcbStatus,
        uint32 tcbEvaluation,
        bytes32 advisories
    ) external view returns (bool);

    /// @notice What is asked at each proof. True alone says nothing of the key's own state.
    function isKeyAllowed(
        bytes32 measurement,
        bytes32 platformId,
        IProverRegistry.HostVendor vendor,
        uint64 policyVersion
    ) external view returns (bool);

    /// @notice As `isKeyAllowed`, with the rule that says no.
    function standingOf(
        bytes32 measurement,
        bytes32 platformId,
        IProverRegistry.HostVendor vendor,
        uint64 policyVersion
    ) external view returns (Standing);

    /// @notice Number of the last change; the first rules are version 1.
    function version() external view returns (uint64);

    /// @notice Evidence and keys of an older version do not count, whoever the vendor is.
    function leastVersion() external view returns (uint64);

    /// @notice Evidence and keys of that vendor of an older version do not count; never below `leastVersion`. A nullified
    ///         vendor has none that count.
    function leastVersionOf(IProverRegistry.HostVendor vendor) external view returns (uint64);

    /// @notice The kind that an image is accepted for; NONE if it is not.
    function kindOf(bytes32 measurement) external view returns (IProverRegistry.Kind);

    function isPresenceOnly(bytes32 measurement) external view returns (bool);

    function isGpuMeasurementAccepted(bytes32 measurement) external view returns (bool);

    function isPlatformListed(bytes32 platformId) external view returns (bool);

    function isPlatformDenied(bytes32 platformId) external view returns (bool);

    /// @notice Whether only listed platforms are accepted.
    function platformsListed() external view returns (bool);

    /// @notice Until when a status with exactly these advisories is accepted; zero if it is not.
    function graceUntil(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories)
        external
        view
        returns (uint64);

    function minimumTcbEvaluation() external view returns (uint32);

    function keyLifetime() external view returns (uint64);

    function minimumGpus() external view returns (uint8);

    function acceptsPresenceOnly() external view returns (bool);

    function isVendorNullified(IProverRegistry.HostVendor vendor) external view returns (bool);

    /// @notice PHA that a registration posts.
    function bond() external view returns (uint96);
}
