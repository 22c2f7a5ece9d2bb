// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {AmdProduct, SnpTcb} from "./amd/SnpTcb.sol";
import {IAttestationPolicy} from "./interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ISnpTcbPolicy} from "./interfaces/ISnpTcbPolicy.sol";
import {ITeeVerifier} from "./interfaces/ITeeVerifier.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @title AttestationPolicy
/// @notice See `IAttestationPolicy`.
/// @dev Whatever can be ended and admitted again notes the version of its end (`since`): keys of older versions never count
///      again, whatever is loosened later.
contract AttestationPolicy is IAttestationPolicy, OwnableUpgradeable {
    /// @dev What each proof reads, in one slot: hence 48 bits for a version.
    /// @param leastVersion See the getter.
    /// @param openSince When platforms that are not listed were last shut out.
    /// @param presenceSince When mere presence was last ended.
    /// @param intelSince When the vendor was last restored; NULLIFIED while it is nullified.
    /// @param amdSince The same.
    struct Gate {
        uint48 leastVersion;
        uint48 openSince;
        uint48 presenceSince;
        uint48 intelSince;
        uint48 amdSince;
        bool platformsListed;
        bool acceptsPresenceOnly;
    }

    /// @param kind The environment it is accepted for, or was.
    /// @param since When it was last removed.
    struct ImageEntry {
        IProverRegistry.Kind kind;
        bool accepted;
        bool presenceOnly;
        uint48 since;
    }

    /// @param since When its keys were last ended.
    struct PlatformEntry {
        bool listed;
        bool denied;
        uint48 since;
    }

    /// @notice Longest time for which a key may be registered: keys are renewed, together with their evidence.
    uint64 public constant MAX_KEY_LIFETIME = 365 days;

    /// @dev No version is so high.
    uint48 private constant NULLIFIED = type(uint48).max;

    /// @notice Where the guardian is named.
    ISystemConfig public systemConfig;

    /// @notice Is told of each change; and nullifies a vendor of which somebody proved to it that it lies.
    IProverRegistry public registry;

    /// @inheritdoc IAttestationPolicy
    uint64 public keyLifetime;
    /// @inheritdoc IAttestationPolicy
    uint32 public minimumTcbEvaluation;
    /// @inheritdoc IAttestationPolicy
    uint8 public minimumGpus;
    /// @inheritdoc IAttestationPolicy
    uint96 public bond;
    /// @inheritdoc ISnpTcbPolicy
    mapping(AmdProduct product => uint40) public minimumTcb;
    /// @inheritdoc IAttestationPolicy
    mapping(bytes32 measurement => bool) public isGpuMeasurementAccepted;

    uint48 private _version;
    Gate private _gate;
    mapping(bytes32 measurement => ImageEntry) private _images;
    mapping(bytes32 platformId => PlatformEntry) private _platforms;
    mapping(bytes32 grace => uint64) private _graceUntil;

    /// @notice The owner, or the guardian.
    modifier onlyTightener() {
        _requireMay(true);
        _;
    }

    constructor() {
        _disableInitializers();
    }

    /// @param owner_ Loosens: the timelock.
    /// @param systemConfig_ Names the guardian.
    /// @param registry_ Where keys are registered under this policy.
    /// @param rules The first rules.
    function initialize(
        address owner_,
        ISystemConfig systemConfig_,
        IProverRegistry registry_,
        Rules calldata rules
    ) external initializer {
        __Ownable_init(owner_);
        (systemConfig, registry) = (systemConfig_, registry_);
        for (uint256 i = 0; i < rules.images.length; ++i) {
            _accept(rules.images[i].measurement, rules.images[i].kind, rules.images[i].presenceOnly);
        }
        for (uint256 i = 0; i < rules.gpuMeasurements.length; ++i) {
            _acceptGpu(rules.gpuMeasurements[i]);
        }
        for (uint256 i = 0; i < rules.platforms.length; ++i) {
            _list(rules.platforms[i], true);
        }
        _setKeyLifetime(rules.keyLifetime);
        _setMinimumGpus(rules.minimumGpus);
        _setMinimumTcbEvaluation(rules.minimumTcbEvaluation);
        _setMinimumTcb(AmdProduct.GENOA, rules.minimumTcbGenoa);
        _setMinimumTcb(AmdProduct.TURIN, rules.minimumTcbTurin);
        _setBond(rules.bond);
        (_gate.platformsListed, _gate.acceptsPresenceOnly) = (rules.platformsListed, rules.acceptsPresenceOnly);
        emit PlatformsListedChanged(rules.platformsListed);
        emit PresenceOnlyChanged(rules.acceptsPresenceOnly);
        (_version, _gate.leastVersion) = (1, 1);
        emit VersionChanged(1, 1);
    }

    /// @inheritdoc IAttestationPolicy
    function acceptMeasurement(bytes32 measurement, IProverRegistry.Kind kind, bool presenceOnly) external onlyOwner {
        _accept(measurement, kind, presenceOnly);
        _nextVersion(false);
    }

    /// @inheritdoc IAttestationPolicy
    function removeMeasurement(bytes32 measurement) external onlyTightener {
        ImageEntry storage image = _images[measurement];
        require(image.accepted, AttestationPolicy_NothingChanges());
        (image.accepted, image.since) = (false, _nextVersion(false));
        emit MeasurementRemoved(measurement);
    }

    /// @inheritdoc IAttestationPolicy
    function acceptGpuMeasurement(bytes32 measurement) external onlyOwner {
        _acceptGpu(measurement);
        _nextVersion(false);
    }

    /// @inheritdoc IAttestationPolicy
    function removeGpuMeasurement(bytes32 measurement) external onlyTightener {
        require(isGpuMeasurementAccepted[measurement], AttestationPolicy_NothingChanges());
        isGpuMeasurementAccepted[measurement] = false;
        emit GpuMeasurementRemoved(measurement);
        _nextVersion(true);
    }

    /// @inheritdoc IAttestationPolicy
    function setPlatformListed(bytes32 platformId, bool listed) external {
        _requireMay(!listed);
        require(_platforms[platformId].listed != listed, AttestationPolicy_NothingChanges());
        uint48 now_ = _nextVersion(false);
        PlatformEntry storage platform = _platforms[platformId];
        // Its keys are dead while only others are listed, and those that were when others were last shut out.
        if (_gate.platformsListed) platform.since = now_;
        else if (_gate.openSince > platform.since) platform.since = _gate.openSince;
        _list(platformId, listed);
    }

    /// @inheritdoc IAttestationPolicy
    function setPlatformDenied(bytes32 platformId, bool denied) external {
        _requireMay(denied);
        require(platformId != 0, AttestationPolicy_ZeroId());
        PlatformEntry storage platform = _platforms[platformId];
        require(platform.denied != denied, AttestationPolicy_NothingChanges());
        uint48 now_ = _nextVersion(false);
        platform.denied = denied;
        if (denied) platform.since = now_;
        emit PlatformDenied(platformId, denied);
    }

    /// @inheritdoc IAttestationPolicy
    function setPlatformsListed(bool platformsListed_) external {
        _requireMay(platformsListed_);
        require(_gate.platformsListed != platformsListed_, AttestationPolicy_NothingChanges());
        uint48 now_ = _nextVersion(false);
        _gate.platformsListed = platformsListed_;
        if (platformsListed_) _gate.openSince = now_;
        emit PlatformsListedChanged(platformsListed_);
    }

    /// @inheritdoc IAttestationPolicy
    function setGrace(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories, uint64 until) external {
        bytes32 grace = _graceId(vendor, tcbStatus, advisories);
        uint64 before = _graceUntil[grace];
        bool shortens = until < before;
        _requireMay(shortens);
        require(until != before, AttestationPolicy_NothingChanges());
        require(
            vendor != IProverRegistry.HostVendor.NONE && tcbStatus != 0 && (shortens || until > block.timestamp),
            AttestationPolicy_InvalidGrace(vendor, tcbStatus, until)
        );
        _graceUntil[grace] = until;
        emit GraceChanged(vendor, tcbStatus, advisories, until);
        _nextVersion(shortens);
    }

    /// @inheritdoc IAttestationPolicy
    function setMinimumTcbEvaluation(uint32 minimum) external {
        bool raises = minimum > minimumTcbEvaluation;
        _requireMay(raises);
        require(minimum != minimumTcbEvaluation, AttestationPolicy_NothingChanges());
        _setMinimumTcbEvaluation(minimum);
        _nextVersion(raises);
    }

    /// @inheritdoc IAttestationPolicy
    function setMinimumTcb(AmdProduct product, uint40 minimum) external {
        uint40 before = minimumTcb[product];
        _requireMay(SnpTcb.isAtLeast(minimum, before));
        require(minimum != before, AttestationPolicy_NothingChanges());
        _setMinimumTcb(product, minimum);
        _nextVersion(!SnpTcb.isAtLeast(before, minimum));
    }

    /// @inheritdoc IAttestationPolicy
    function setKeyLifetime(uint64 keyLifetime_) external {
        bool shortens = keyLifetime_ < keyLifetime;
        _requireMay(shortens);
        require(keyLifetime_ != keyLifetime, AttestationPolicy_NothingChanges());
        _setKeyLifetime(keyLifetime_);
        _nextVersion(shortens);
    }

    /// @inheritdoc IAttestationPolicy
    function setMinimumGpus(uint8 minimum) external {
        bool raises = minimum > minimumGpus;
        _requireMay(raises);
        require(minimum != minimumGpus, AttestationPolicy_NothingChanges());
        _setMinimumGpus(minimum);
        _nextVersion(raises);
    }

    /// @inheritdoc IAttestationPolicy
    function setAcceptsPresenceOnly(bool accepted) external {
        _requireMay(!accepted);
        require(_gate.acceptsPresenceOnly != accepted, AttestationPolicy_NothingChanges());
        uint48 now_ = _nextVersion(false);
        _gate.acceptsPresenceOnly = accepted;
        if (!accepted) _gate.presenceSince = now_;
        emit PresenceOnlyChanged(accepted);
    }

    /// @inheritdoc IAttestationPolicy
    function nullifyVendor(IProverRegistry.HostVendor vendor) external {
        if (msg.sender != address(registry)) _requireMay(true);
        if (isVendorNullified(vendor)) return;
        _setVendorSince(vendor, NULLIFIED);
        emit VendorNullified(vendor, msg.sender);
        _nextVersion(false);
    }

    /// @inheritdoc IAttestationPolicy
    function restoreVendor(IProverRegistry.HostVendor vendor) external onlyOwner {
        require(isVendorNullified(vendor), AttestationPolicy_NothingChanges());
        _setVendorSince(vendor, _nextVersion(false));
        emit VendorRestored(vendor);
    }

    /// @inheritdoc IAttestationPolicy
    function setBond(uint96 bond_) external onlyOwner {
        require(bond_ != bond, AttestationPolicy_NothingChanges());
        _setBond(bond_);
        _nextVersion(false);
    }

    /// @inheritdoc IAttestationPolicy
    function judge(
        IProverRegistry.Kind kind,
        uint64 policyVersion,
        ITeeVerifier.Report calldata report,
        bytes32[] calldata gpuMeasurements
    ) external view returns (uint64 validUntil) {
        Standing standing = policyVersion > _version
            ? Standing.VERSION_OUTDATED
            : standingOf(report.measurement, report.platformId, report.vendor, policyVersion);
        require(standing == Standing.ALLOWED, AttestationPolicy_NotAllowed(standing));
        IProverRegistry.Kind found = _images[report.measurement].kind;
        require(found == kind, AttestationPolicy_KindMismatch(kind, found));
        _requireGpus(kind, gpuMeasurements);

        require(
            _isEvaluationAccepted(report.vendor, report.tcbEvaluation),
            AttestationPolicy_TcbEvaluationOutdated(minimumTcbEvaluation, report.tcbEvaluation)
        );
        validUntil = uint64(block.timestamp) + keyLifetime;
        if (report.tcbStatus == 0) return validUntil;
        uint64 until = graceUntil(report.vendor, report.tcbStatus, report.advisories);
        require(
            until > block.timestamp,
            AttestationPolicy_TcbStatusNotAccepted(report.vendor, report.tcbStatus, report.advisories)
        );
        if (until < validUntil) validUntil = until;
    }

    /// @inheritdoc IAttestationPolicy
    function acceptsTcb(
        IProverRegistry.HostVendor vendor,
        uint8 tcbStatus,
        uint32 tcbEvaluation,
        bytes32 advisories
    ) external view returns (bool) {
        return _isEvaluationAccepted(vendor, tcbEvaluation)
            && (tcbStatus == 0 || graceUntil(vendor, tcbStatus, advisories) > block.timestamp);
    }

    /// @inheritdoc IAttestationPolicy
    function isKeyAllowed(
        bytes32 measurement,
        bytes32 platformId,
        IProverRegistry.HostVendor vendor,
        uint64 policyVersion
    ) external view returns (bool) {
        return standingOf(measurement, platformId, vendor, policyVersion) == Standing.ALLOWED;
    }

    /// @inheritdoc IAttestationPolicy
    function version() external view returns (uint64) {
        return _version;
    }

    /// @inheritdoc IAttestationPolicy
    function leastVersion() external view returns (uint64) {
        return _gate.leastVersion;
    }

    /// @inheritdoc IAttestationPolicy
    function kindOf(bytes32 measurement) external view returns (IProverRegistry.Kind) {
        return _images[measurement].accepted ? _images[measurement].kind : IProverRegistry.Kind.NONE;
    }

    /// @inheritdoc IAttestationPolicy
    function isPresenceOnly(bytes32 measurement) external view returns (bool) {
        return _images[measurement].presenceOnly;
    }

    /// @inheritdoc IAttestationPolicy
    function isPlatformListed(bytes32 platformId) external view returns (bool) {
        return _platforms[platformId].listed;
    }

    /// @inheritdoc IAttestationPolicy
    function isPlatformDenied(bytes32 platformId) external view returns (bool) {
        return _platforms[platformId].denied;
    }

    /// @inheritdoc IAttestationPolicy
    function platformsListed() external view returns (bool) {
        return _gate.platformsListed;
    }

    /// @inheritdoc IAttestationPolicy
    function acceptsPresenceOnly() external view returns (bool) {
        return _gate.acceptsPresenceOnly;
    }

    /// @inheritdoc IAttestationPolicy
    function graceUntil(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories)
        public
        view
        returns (uint64)
    {
        return _graceUntil[_graceId(vendor, tcbStatus, advisories)];
    }

    /// @inheritdoc IAttestationPolicy
    function isVendorNullified(IProverRegistry.HostVendor vendor) public view returns (bool) {
        return _vendorSince(_gate, vendor) == NULLIFIED;
    }

    /// @inheritdoc IAttestationPolicy
    function standingOf(
        bytes32 measurement,
        bytes32 platformId,
        IProverRegistry.HostVendor vendor,
        uint64 policyVersion
    ) public view returns (Standing) {
        Gate memory gate = _gate;
        if (policyVersion < gate.leastVersion) return Standing.VERSION_OUTDATED;
        if (policyVersion < _vendorSince(gate, vendor)) return Standing.VENDOR_NULLIFIED;

        ImageEntry memory image = _images[measurement];
        if (!image.accepted || policyVersion < image.since) return Standing.MEASUREMENT_NOT_ACCEPTED;
        if (image.presenceOnly && (!gate.acceptsPresenceOnly || policyVersion < gate.presenceSince)) {
            return Standing.PRESENCE_ONLY;
        }

        PlatformEntry memory platform = _platforms[platformId];
        if (platform.denied) return Standing.PLATFORM_DENIED;
        bool open = !gate.platformsListed && policyVersion >= gate.openSince;
        if (!platform.listed && !open) return Standing.PLATFORM_NOT_LISTED;
        // Denied or unlisted, and admitted again since.
        return policyVersion < platform.since ? Standing.PLATFORM_DENIED : Standing.ALLOWED;
    }

    function _accept(bytes32 measurement, IProverRegistry.Kind kind, bool presenceOnly) private {
        ImageEntry storage image = _images[measurement];
        require(
            measurement != 0 && kind != IProverRegistry.Kind.NONE && (!presenceOnly || ProverKinds.hasGpu(kind)),
            AttestationPolicy_InvalidImage(measurement, kind, presenceOnly)
        );
        require(!image.accepted, AttestationPolicy_AlreadyAccepted(measurement));
        (image.kind, image.accepted, image.presenceOnly) = (kind, true, presenceOnly);
        emit MeasurementAccepted(measurement, kind, presenceOnly);
    }

    function _acceptGpu(bytes32 measurement) private {
        require(measurement != 0, AttestationPolicy_ZeroId());
        require(!isGpuMeasurementAccepted[measurement], AttestationPolicy_NothingChanges());
        isGpuMeasurementAccepted[measurement] = true;
        emit GpuMeasurementAccepted(measurement);
    }

    function _list(bytes32 platformId, bool listed) private {
        require(platformId != 0, AttestationPolicy_ZeroId());
        _platforms[platformId].listed = listed;
        emit PlatformListed(platformId, listed);
    }

    function _setKeyLifetime(uint64 keyLifetime_) private {
        require(
            keyLifetime_ != 0 && keyLifetime_ <= MAX_KEY_LIFETIME, AttestationPolicy_InvalidKeyLifetime(keyLifetime_)
        );
        keyLifetime = keyLifetime_;
        emit KeyLifetimeChanged(keyLifetime_);
    }

    function _setMinimumGpus(uint8 minimum) private {
        require(minimum != 0, AttestationPolicy_InvalidMinimumGpus(minimum));
        minimumGpus = minimum;
        emit MinimumGpusChanged(minimum);
    }

    function _setMinimumTcbEvaluation(uint32 minimum) private {
        minimumTcbEvaluation = minimum;
        emit MinimumTcbEvaluationChanged(minimum);
    }

    function _setMinimumTcb(AmdProduct product, uint40 minimum) private {
        minimumTcb[product] = minimum;
        emit MinimumTcbChanged(product, minimum);
    }

    function _setBond(uint96 bond_) private {
        bond = bond_;
        emit BondChanged(bond_);
    }

    function _setVendorSince(IProverRegistry.HostVendor vendor, uint48 since) private {
        if (vendor == IProverRegistry.HostVendor.INTEL) _gate.intelSince = since;
        else _gate.amdSince = since;
    }

    /// @param tightens Whether the change ends what is not asked again at each proof.
    function _nextVersion(bool tightens) private returns (uint48 next) {
        next = ++_version;
        if (tightens) _gate.leastVersion = next;
        emit VersionChanged(next, _gate.leastVersion);
        registry.policyChanged(next);
    }

    /// @dev A broken vendor or machine cannot wait for a timelock; nothing else is left to the guardian.
    function _requireMay(bool tightens) private view {
        bool guardian = tightens && msg.sender == systemConfig.guardian();
        require(guardian || msg.sender == owner(), AttestationPolicy_Unauthorized(msg.sender));
    }

    function _requireGpus(IProverRegistry.Kind kind, bytes32[] calldata measurements) private view {
        if (!ProverKinds.hasGpu(kind)) return;
        require(
            measurements.length >= minimumGpus, AttestationPolicy_TooFewGpus(minimumGpus, measurements.length)
        );
        for (uint256 i = 0; i < measurements.length; ++i) {
            require(
                isGpuMeasurementAccepted[measurements[i]], AttestationPolicy_GpuMeasurementNotAccepted(i, measurements[i])
            );
        }
    }

    /// @dev Intel alone numbers its evaluations.
    function _isEvaluationAccepted(IProverRegistry.HostVendor vendor, uint32 evaluation) private view returns (bool) {
        return vendor != IProverRegistry.HostVendor.INTEL || evaluation >= minimumTcbEvaluation;
    }

    function _vendorSince(Gate memory gate, IProverRegistry.HostVendor vendor) private pure returns (uint48) {
        require(vendor != IProverRegistry.HostVendor.NONE, AttestationPolicy_InvalidVendor(vendor));
        return vendor == IProverRegistry.HostVendor.INTEL ? gate.intelSince : gate.amdSince;
    }

    function _graceId(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(vendor, tcbStatus, advisories));
    }
}
