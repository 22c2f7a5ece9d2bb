// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {IAttestationPolicy} from "./interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @title KeyStandings
/// @notice The rules of `IAttestationPolicy` that are asked at each proof: images, platforms, vendors, mere presence of
///         GPUs; with the versions, and who may change what.
/// @dev Whatever can be ended and admitted again notes the version of its end (`since`): keys of older versions never count
///      again, whatever is loosened later.
abstract contract KeyStandings is IAttestationPolicy, OwnableUpgradeable {
    /// @dev What each proof reads, in one slot: hence 48 bits for a version.
    /// @param leastVersion Below it no vendor's keys count.
    /// @param openSince When platforms that are not listed were last shut out.
    /// @param presenceSince When mere presence was last ended.
    /// @param intelSince When the vendor was last restored, or a rule on it alone was tightened; NULLIFIED while it is
    ///        nullified.
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

    /// @dev No version is so high.
    uint48 private constant NULLIFIED = type(uint48).max;

    /// @notice Where the guardian is named.
    ISystemConfig public systemConfig;

    /// @notice Is told of each change; and nullifies a vendor of which somebody proved to it that it lies.
    IProverRegistry public registry;

    uint48 private _version;
    Gate private _gate;
    mapping(bytes32 measurement => ImageEntry) private _images;
    mapping(bytes32 platformId => PlatformEntry) private _platforms;

    /// @notice The owner, or the guardian.
    modifier onlyTightener() {
        _requireMay(true);
        _;
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
    function isKeyAllowed(
        bytes32 measurement,
        bytes32 platformId,
        IProverRegistry.HostVendor vendor,
        uint64 policyVersion
    ) external view returns (bool) {
        return standingOf(measurement, platformId, vendor, policyVersion) == Standing.ALLOWED;
    }

    /// @inheritdoc IAttestationPolicy
    function leastVersion() external view returns (uint64) {
        return _gate.leastVersion;
    }

    /// @inheritdoc IAttestationPolicy
    function leastVersionOf(IProverRegistry.HostVendor vendor) external view returns (uint64) {
        (uint48 least, uint48 since) = (_gate.leastVersion, _vendorSince(_gate, vendor));
        return since == NULLIFIED || since < least ? least : since;
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
    function version() public view returns (uint64) {
        return _version;
    }

    /// @inheritdoc IAttestationPolicy
    function kindOf(bytes32 measurement) public view returns (IProverRegistry.Kind) {
        return _images[measurement].accepted ? _images[measurement].kind : IProverRegistry.Kind.NONE;
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
        uint48 vendorSince = _vendorSince(gate, vendor);
        if (policyVersion < vendorSince) {
            return vendorSince == NULLIFIED ? Standing.VENDOR_NULLIFIED : Standing.VERSION_OUTDATED;
        }

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

    /// @dev The first version. The registry need not be there yet.
    // solhint-disable-next-line func-name-mixedcase
    function __KeyStandings_init(
        address owner_,
        ISystemConfig systemConfig_,
        IProverRegistry registry_,
        Rules calldata rules
    ) internal onlyInitializing {
        __Ownable_init(owner_);
        (systemConfig, registry) = (systemConfig_, registry_);
        for (uint256 i = 0; i < rules.images.length; ++i) {
            _accept(rules.images[i].measurement, rules.images[i].kind, rules.images[i].presenceOnly);
        }
        for (uint256 i = 0; i < rules.platforms.length; ++i) {
            _list(rules.platforms[i], true);
        }
        (_gate.platformsListed, _gate.acceptsPresenceOnly) = (rules.platformsListed, rules.acceptsPresenceOnly);
        emit PlatformsListedChanged(rules.platformsListed);
        emit PresenceOnlyChanged(rules.acceptsPresenceOnly);
        (_version, _gate.leastVersion) = (1, 1);
        emit VersionChanged(1, 1);
    }

    /// @dev A rule on one vendor: tightened, it ends that vendor's older keys, and no other's.
    function _nextVersionOf(IProverRegistry.HostVendor vendor, bool tightens) internal {
        // A nullified vendor has no keys, and its restoration shuts all older ones out.
        if (tightens && !isVendorNullified(vendor)) _setVendorSince(vendor, _version + 1);
        _nextVersion(false);
    }

    /// @param tightens Whether the change ends what is not asked again at each proof.
    function _nextVersion(bool tightens) internal returns (uint48 next) {
        next = ++_version;
        if (tightens) _gate.leastVersion = next;
        emit VersionChanged(next, _gate.leastVersion);
        registry.policyChanged(next);
    }

    /// @dev A broken vendor or machine cannot wait for a timelock; nothing else is left to the guardian.
    function _requireMay(bool tightens) internal view {
        bool guardian = tightens && msg.sender == systemConfig.guardian();
        require(guardian || msg.sender == owner(), AttestationPolicy_Unauthorized(msg.sender));
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

    function _list(bytes32 platformId, bool listed) private {
        require(platformId != 0, AttestationPolicy_ZeroId());
        _platforms[platformId].listed = listed;
        emit PlatformListed(platformId, listed);
    }

    function _setVendorSince(IProverRegistry.HostVendor vendor, uint48 since) private {
        if (vendor == IProverRegistry.HostVendor.INTEL) _gate.intelSince = since;
        else _gate.amdSince = since;
    }

    function _vendorSince(Gate memory gate, IProverRegistry.HostVendor vendor) private pure returns (uint48) {
        require(vendor != IProverRegistry.HostVendor.NONE, AttestationPolicy_InvalidVendor(vendor));
        return vendor == IProverRegistry.HostVendor.INTEL ? gate.intelSince : gate.amdSince;
    }
}
