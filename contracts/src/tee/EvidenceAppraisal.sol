// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {EvidenceBinding} from "./EvidenceBinding.sol";
import {IAttestationPolicy} from "./interfaces/IAttestationPolicy.sol";
import {ICertificateCache} from "./interfaces/ICertificateCache.sol";
import {INvidiaReportVerifier} from "./interfaces/INvidiaReportVerifier.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ITeeVerifier} from "./interfaces/ITeeVerifier.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @notice What a registry stands on; fixed in its implementation.
/// @param systemConfig Names the guardian.
/// @param certificates The vendors' certificates.
/// @param policy What is accepted.
/// @param tdxVerifier Of quotes of TDs.
/// @param snpVerifier Of reports of guests under SEV-SNP.
/// @param gpuVerifier Of reports of GPUs.
/// @param bondToken PHA.
/// @param dangerouslyAcceptsSimulated See the getter.
struct RegistryDependencies {
    ISystemConfig systemConfig;
    ICertificateCache certificates;
    IAttestationPolicy policy;
    ITeeVerifier tdxVerifier;
    ITeeVerifier snpVerifier;
    INvidiaReportVerifier gpuVerifier;
    IERC20 bondToken;
    bool dangerouslyAcceptsSimulated;
}

/// @title EvidenceAppraisal
/// @notice What a registration must show: evidence that is genuine, recent, of this key for this registry, and good enough
///         for the policy.
abstract contract EvidenceAppraisal is IProverRegistry {
    /// @dev What the evidence of a registration says.
    struct Appraised {
        ITeeVerifier.Report cpu;
        bytes32[] gpuMeasurements;
        bytes32[] deviceIds;
        bytes32[] certificates;
        uint64 expiresAt;
    }

    /// @notice Oldest L1 block, counted back from now, that evidence may commit to: six hours of Ethereum, in which the
    ///         certificates that it needs can be added. EIP-2935 remembers 8191.
    uint256 public constant MAX_EVIDENCE_AGE = 1800;

    /// @notice Most GPUs behind one key: what one machine has. What a transaction can hold may be fewer.
    uint256 public constant MAX_GPUS = 8;

    /// @notice Most gas that verifying the CPU's evidence may take: an SNP report with the wrong hint takes six millions.
    ///         Evidence has bytes that nobody signed: filled with what is dear to read, it could not be judged anew within
    ///         a transaction, and whoever filled it, in a registration copied from the mempool, could end the key by that.
    uint256 public constant MAX_EVIDENCE_GAS = 8_000_000;

    /// @notice Where the vendors' certificates stand.
    ICertificateCache public immutable certificates;
    /// @notice What is accepted.
    IAttestationPolicy public immutable policy;
    /// @notice Verifies quotes of TDs.
    ITeeVerifier public immutable tdxVerifier;
    /// @notice Verifies reports of guests under SEV-SNP.
    ITeeVerifier public immutable snpVerifier;
    /// @notice Verifies reports of GPUs.
    INvidiaReportVerifier public immutable gpuVerifier;

    constructor(RegistryDependencies memory dependencies) {
        certificates = dependencies.certificates;
        policy = dependencies.policy;
        tdxVerifier = dependencies.tdxVerifier;
        snpVerifier = dependencies.snpVerifier;
        gpuVerifier = dependencies.gpuVerifier;
    }

    /// @dev All that is asked of evidence: that it is genuine, of this key, and good enough.
    function _appraise(Registration calldata registration, bytes32 l1BlockHash)
        internal
        view
        returns (Appraised memory appraised)
    {
        uint256 count = registration.gpuEvidence.length;
        require(
            count <= MAX_GPUS && (count != 0) == ProverKinds.hasGpu(registration.kind), ProverRegistry_GpuCount(count)
        );
        uint256 before = gasleft();
        appraised.cpu = _verifierOf(registration.kind).verify(registration.evidence);
        uint256 spent = before - gasleft();
        require(spent <= MAX_EVIDENCE_GAS, ProverRegistry_EvidenceTooDear(MAX_EVIDENCE_GAS, spent));
        IProverRegistry.HostVendor vendor = ProverKinds.hostVendor(registration.kind);
        require(
            appraised.cpu.vendor == vendor, ProverRegistry_VendorMismatch(vendor, appraised.cpu.vendor)
        );
        (appraised.gpuMeasurements, appraised.deviceIds) = (new bytes32[](count), new bytes32[](count));
        appraised.certificates = new bytes32[](count + 1);
        appraised.certificates[0] = appraised.cpu.certificate;
        bytes32[] memory reportHashes = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            reportHashes[i] = _appraiseGpu(registration, l1BlockHash, i, appraised);
        }
        _requireReportData(registration, l1BlockHash, reportHashes, appraised.cpu.reportData);

        appraised.expiresAt = policy.judge(
            registration.kind, registration.policyVersion, appraised.cpu, appraised.gpuMeasurements
        );
        for (uint256 i = 0; i < appraised.certificates.length; ++i) {
            uint64 notAfter = _lastSecond(appraised.certificates[i]);
            if (notAfter < appraised.expiresAt) appraised.expiresAt = notAfter;
        }
    }

    function _recentBlockHash(uint256 number) internal view returns (bytes32 blockHash) {
        require(
            number < block.number && block.number - number <= MAX_EVIDENCE_AGE,
            ProverRegistry_EvidenceAge(number, block.number)
        );
        blockHash = Blockhash.blockHash(number);
        require(blockHash != 0, ProverRegistry_BlockHashUnavailable(number));
    }

    function _verifierOf(IProverRegistry.Kind kind) internal view returns (ITeeVerifier) {
        return ProverKinds.hostVendor(kind) == IProverRegistry.HostVendor.INTEL ? tdxVerifier : snpVerifier;
    }

    function _appraiseGpu(
        Registration calldata registration,
        bytes32 l1BlockHash,
        uint256 index,
        Appraised memory appraised
    ) private view returns (bytes32 reportHash) {
        INvidiaReportVerifier.GpuReport memory report = gpuVerifier.verify(registration.gpuEvidence[index]);
        bytes32 wanted =
            EvidenceBinding.gpuNonce(address(this), registration.key, l1BlockHash, uint32(index));
        require(report.nonce == wanted, ProverRegistry_GpuNonceMismatch(index, wanted, report.nonce));
        appraised.gpuMeasurements[index] = report.measurement;
        appraised.deviceIds[index] = report.deviceId;
        appraised.certificates[index + 1] = report.certificate;
        return report.reportHash;
    }

    /// @dev Both halves, all 64 bytes.
    function _requireReportData(
        Registration calldata registration,
        bytes32 l1BlockHash,
        bytes32[] memory reportHashes,
        bytes memory reportData
    ) private view {
        (bytes32 found, bytes32 foundGpus) = abi.decode(reportData, (bytes32, bytes32));
        bytes32 wanted = EvidenceBinding.keyCommitment(
            address(this), registration.key, l1BlockHash, registration.policyVersion
        );
        require(found == wanted, ProverRegistry_ReportDataMismatch(0, wanted, found));
        bytes32 wantedGpus = EvidenceBinding.gpuReportsCommitment(reportHashes);
        require(foundGpus == wantedGpus, ProverRegistry_ReportDataMismatch(1, wantedGpus, foundGpus));
    }

    /// @dev Of a certificate and all above it, the first to end. They are valid: a verifier has just used the first.
    function _lastSecond(bytes32 id) private view returns (uint64 notAfter) {
        notAfter = type(uint64).max;
        while (id != 0) {
            ICertificateCache.Entry memory entry = certificates.entryOf(id);
            if (entry.notAfter < notAfter) notAfter = entry.notAfter;
            id = entry.issuer;
        }
    }
}
