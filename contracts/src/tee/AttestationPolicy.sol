// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {AmdProduct, SnpTcb} from "./amd/SnpTcb.sol";
import {IAttestationPolicy} from "./interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ISnpTcbPolicy} from "./interfaces/ISnpTcbPolicy.sol";
import {ITeeVerifier} from "./interfaces/ITeeVerifier.sol";
import {KeyStandings} from "./KeyStandings.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @title AttestationPolicy
/// @notice See `IAttestationPolicy`. Here stand the rules that are asked when a key is admitted, in `KeyStandings` those
///         that are asked at each proof.
contract AttestationPolicy is KeyStandings {
    /// @notice Longest time for which a key may be registered: keys are renewed, together with their evidence.
    uint64 public constant MAX_KEY_LIFETIME = 365 days;

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

    mapping(bytes32 grace => uint64) private _graceUntil;

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
        __KeyStandings_init(owner_, systemConfig_, registry_, rules);
        for (uint256 i = 0; i < rules.gpuMeasurements.length; ++i) {
            _acceptGpu(rules.gpuMeasurements[i]);
        }
        _setKeyLifetime(rules.keyLifetime);
        _setMinimumGpus(rules.minimumGpus);
        _setMinimumTcbEvaluation(rules.minimumTcbEvaluation);
        _setMinimumTcb(AmdProduct.GENOA, rules.minimumTcbGenoa);
        _setMinimumTcb(AmdProduct.TURIN, rules.minimumTcbTurin);
        _setBond(rules.bond);
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
        _nextVersionOf(vendor, shortens);
    }

    /// @inheritdoc IAttestationPolicy
    function setMinimumTcbEvaluation(uint32 minimum) external {
        bool raises = minimum > minimumTcbEvaluation;
        _requireMay(raises);
        require(minimum != minimumTcbEvaluation, AttestationPolicy_NothingChanges());
        _setMinimumTcbEvaluation(minimum);
        _nextVersionOf(IProverRegistry.HostVendor.INTEL, raises);
    }

    /// @inheritdoc IAttestationPolicy
    function setMinimumTcb(AmdProduct product, uint40 minimum) external {
        uint40 before = minimumTcb[product];
        _requireMay(SnpTcb.isAtLeast(minimum, before));
        require(minimum != before, AttestationPolicy_NothingChanges());
        _setMinimumTcb(product, minimum);
        _nextVersionOf(IProverRegistry.HostVendor.AMD, !SnpTcb.isAtLeast(before, minimum));
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
        Standing standing = policyVersion > version()
            ? Standing.VERSION_OUTDATED
            : standingOf(report.measurement, report.platformId, report.vendor, policyVersion);
        require(standing == Standing.ALLOWED, AttestationPolicy_NotAllowed(standing));
        IProverRegistry.Kind found = kindOf(report.measurement);
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
    function graceUntil(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories)
        public
        view
        returns (uint64)
    {
        return _graceUntil[_graceId(vendor, tcbStatus, advisories)];
    }

    function _acceptGpu(bytes32 measurement) private {
        require(measurement != 0, AttestationPolicy_ZeroId());
        require(!isGpuMeasurementAccepted[measurement], AttestationPolicy_NothingChanges());
        isGpuMeasurementAccepted[measurement] = true;
        emit GpuMeasurementAccepted(measurement);
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

    function _graceId(IProverRegistry.HostVendor vendor, uint8 tcbStatus, bytes32 advisories)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(vendor, tcbStatus, advisories));
    }
}
