// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeterministicDeployer} from "../../src/deployment/DeterministicDeployer.sol";
import {L1Proxy} from "../../src/deployment/L1Proxy.sol";
import {PhaTestToken} from "../../src/pha/PhaTestToken.sol";
import {ISystemConfig} from "../../src/settlement/interfaces/ISystemConfig.sol";
import {AttestationPolicy} from "../../src/tee/AttestationPolicy.sol";
import {EvidenceBinding} from "../../src/tee/EvidenceBinding.sol";
import {RegistryDependencies} from "../../src/tee/EvidenceAppraisal.sol";
import {ProverRegistry} from "../../src/tee/ProverRegistry.sol";
import {IAttestationPolicy} from "../../src/tee/interfaces/IAttestationPolicy.sol";
import {ICertificateCache} from "../../src/tee/interfaces/ICertificateCache.sol";
import {INvidiaReportVerifier} from "../../src/tee/interfaces/INvidiaReportVerifier.sol";
import {IProverRegistry} from "../../src/tee/interfaces/IProverRegistry.sol";
import {ITeeVerifier} from "../../src/tee/interfaces/ITeeVerifier.sol";
import {ProverKinds} from "../../src/tee/ProverKinds.sol";
import {Base} from "./Base.sol";
import {CertificatesDouble, GpuVerifierDouble, TeeVerifierDouble} from "./TeeDoubles.sol";

/// @title AdmissionFixture
/// @notice The real registry and policy behind real proxies; in front of them doubles of the verifiers, so that a test can
///         let hardware say whatever it likes.
abstract contract AdmissionFixture is Base {
    /// @notice What goes into one registration; a test changes what it lies about.
    /// @param key Private key of the prover.
    /// @param vendor Whose CPU signed.
    /// @param registry The registry and chain that the evidence commits to.
    /// @param devices GPUs, in order.
    struct Draft {
        uint256 key;
        IProverRegistry.Kind kind;
        IProverRegistry.HostVendor vendor;
        bytes32 measurement;
        bytes32 platformId;
        bytes32 certificate;
        uint8 tcbStatus;
        uint32 tcbEvaluation;
        bytes32 advisories;
        uint64 policyVersion;
        uint256 l1BlockNumber;
        bytes32 l1BlockHash;
        address registry;
        address beneficiary;
        bytes32[] devices;
    }

    uint256 internal constant TDX_KEY = 0x7d01;
    uint256 internal constant TDX_KEY_2 = 0x7d02;
    uint256 internal constant SNP_KEY = 0x5e01;
    uint256 internal constant TDX_GPU_KEY = 0x7d03;
    uint256 internal constant NEW_KEY = 0xbeef;
    bytes32 internal constant TDX_IMAGE = keccak256("tdx image");
    bytes32 internal constant SNP_IMAGE = keccak256("snp image");
    bytes32 internal constant GPU_IMAGE = keccak256("gpu image");
    bytes32 internal constant SNP_GPU_IMAGE = keccak256("an image of guests with GPU");
    bytes32 internal constant GPU_FIRMWARE = keccak256("gpu firmware");
    bytes32 internal constant CPU_LEAF = keccak256("cpu leaf");
    bytes32 internal constant GPU_LEAF = keccak256("gpu leaf");
    uint96 internal constant PROVER_BOND = 10_000e18;
    uint64 internal constant KEY_LIFETIME = 300 days;
    uint32 internal constant EVALUATION = 19;

    address internal owner = account("owner");
    address internal guardian = account("guardian");
    address internal registrant = account("registrant");
    address internal operator = account("operator");

    DeterministicDeployer internal deployer;
    PhaTestToken internal pha;
    AttestationPolicy internal attestationPolicy;
    ProverRegistry internal registry;
    TeeVerifierDouble internal tdxVerifier;
    TeeVerifierDouble internal snpVerifier;
    GpuVerifierDouble internal gpuVerifier;
    CertificatesDouble internal certificates;

    /// @notice What the rest needs: a deployer with the places of all, and PHA, of which the registrant and this contract
    ///         have plenty.
    function _deployFoundations() internal {
        deployer = new DeterministicDeployer();
        registry = ProverRegistry(_named("ProverRegistry"));
        attestationPolicy = AttestationPolicy(_named("AttestationPolicy"));
        pha = new PhaTestToken(address(this), 1_000_000 ether + 1000 * uint256(PROVER_BOND));
        pha.transfer(registrant, 1000 * uint256(PROVER_BOND));
    }

    /// @notice Policy and registry, with the image of each kind accepted.
    function _deployAdmission(ISystemConfig systemConfig) internal {
        (tdxVerifier, snpVerifier) = (new TeeVerifierDouble(), new TeeVerifierDouble());
        (gpuVerifier, certificates) = (new GpuVerifierDouble(), new CertificatesDouble());
        _proxy(
            "AttestationPolicy",
            address(new AttestationPolicy()),
            abi.encodeCall(AttestationPolicy.initialize, (owner, systemConfig, registry, _rules()))
        );
        _proxy(
            "ProverRegistry",
            address(new ProverRegistry(_dependencies(systemConfig))),
            abi.encodeCall(ProverRegistry.initialize, (owner))
        );
        vm.prank(registrant);
        pha.approve(address(registry), type(uint256).max);
    }

    function _dependencies(ISystemConfig systemConfig) internal view returns (RegistryDependencies memory) {
        return RegistryDependencies({
            systemConfig: systemConfig,
            certificates: ICertificateCache(address(certificates)),
            policy: attestationPolicy,
            tdxVerifier: tdxVerifier,
            snpVerifier: snpVerifier,
            gpuVerifier: gpuVerifier,
            bondToken: pha,
            dangerouslyAcceptsSimulated: true
        });
    }

    function _rules() internal pure returns (IAttestationPolicy.Rules memory rules) {
        rules.images = new IAttestationPolicy.Image[](4);
        rules.images[0] = IAttestationPolicy.Image(TDX_IMAGE, IProverRegistry.Kind.TDX, false);
        rules.images[1] = IAttestationPolicy.Image(SNP_IMAGE, IProverRegistry.Kind.SEV_SNP, false);
        rules.images[2] = IAttestationPolicy.Image(GPU_IMAGE, IProverRegistry.Kind.TDX_GPU, false);
        rules.images[3] = IAttestationPolicy.Image(SNP_GPU_IMAGE, IProverRegistry.Kind.SEV_SNP_GPU, false);
        rules.gpuMeasurements = new bytes32[](1);
        rules.gpuMeasurements[0] = GPU_FIRMWARE;
        rules.minimumGpus = 1;
        rules.keyLifetime = KEY_LIFETIME;
        rules.minimumTcbEvaluation = EVALUATION;
        rules.bond = PROVER_BOND;
    }

    /// @notice Registers a key with honest evidence.
    function _register(uint256 key, IProverRegistry.Kind kind, bytes32 measurement) internal {
        _submit(_registration(_draft(key, kind, measurement)));
    }

    function _submit(IProverRegistry.Registration memory registration) internal {
        vm.prank(registrant);
        registry.register(registration);
    }

    /// @notice Honest evidence: a platform of its own for each key, and for a kind with GPUs one GPU.
    function _draft(uint256 key, IProverRegistry.Kind kind, bytes32 measurement)
        internal
        view
        returns (Draft memory draft)
    {
        draft.key = key;
        (draft.kind, draft.vendor) = (kind, ProverKinds.hostVendor(kind));
        draft.measurement = measurement;
        draft.platformId = _platform(key);
        draft.certificate = CPU_LEAF;
        draft.tcbEvaluation = kind == IProverRegistry.Kind.TDX || kind == IProverRegistry.Kind.TDX_GPU ? EVALUATION : 0;
        draft.policyVersion = attestationPolicy.version();
        draft.l1BlockNumber = block.number - 1;
        draft.l1BlockHash = blockhash(block.number - 1);
        (draft.registry, draft.beneficiary) = (address(registry), _beneficiary(key));
        draft.devices = new bytes32[](ProverKinds.hasGpu(kind) ? 1 : 0);
        if (draft.devices.length != 0) draft.devices[0] = keccak256(abi.encode("device", key));
    }

    /// @notice The registration that a draft's hardware and key sign.
    function _registration(Draft memory draft) internal view returns (IProverRegistry.Registration memory result) {
        address key = vm.addr(draft.key);
        result.key = key;
        (result.kind, result.policyVersion) = (draft.kind, draft.policyVersion);
        (result.l1BlockNumber, result.beneficiary) = (draft.l1BlockNumber, draft.beneficiary);
        result.gpuEvidence = new bytes[](draft.devices.length);
        bytes32[] memory hashes = new bytes32[](draft.devices.length);
        for (uint256 i = 0; i < draft.devices.length; ++i) {
            INvidiaReportVerifier.GpuReport memory report = _gpuReport(draft, i);
            (result.gpuEvidence[i], hashes[i]) = (abi.encode(report), report.reportHash);
        }
        result.evidence = _evidence(draft, EvidenceBinding.gpuReportsCommitment(hashes));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            draft.key, registry.registrationDigest(draft.beneficiary, draft.policyVersion, draft.l1BlockHash)
        );
        result.signature = abi.encodePacked(r, s, v);
    }

    function _evidence(Draft memory draft, bytes32 gpuCommitment) internal view returns (bytes memory) {
        ITeeVerifier.Report memory report;
        (report.vendor, report.tcbStatus) = (draft.vendor, draft.tcbStatus);
        (report.tcbEvaluation, report.advisories) = (draft.tcbEvaluation, draft.advisories);
        (report.measurement, report.platformId) = (draft.measurement, draft.platformId);
        report.certificate = draft.certificate;
        bytes32 commitment = EvidenceBinding.keyCommitment(
            draft.registry, vm.addr(draft.key), draft.l1BlockHash, draft.policyVersion
        );
        report.reportData = abi.encode(commitment, gpuCommitment);
        return abi.encode(report);
    }

    function _gpuReport(Draft memory draft, uint256 index)
        internal
        view
        returns (INvidiaReportVerifier.GpuReport memory report)
    {
        report.nonce =
            EvidenceBinding.gpuNonce(draft.registry, vm.addr(draft.key), draft.l1BlockHash, uint32(index));
        (report.deviceId, report.measurement) = (draft.devices[index], GPU_FIRMWARE);
        report.certificate = GPU_LEAF;
        report.reportHash = keccak256(abi.encode(report.nonce, report.deviceId));
    }

    /// @notice Who earns what a key proves, unless a draft says otherwise.
    function _beneficiary(uint256) internal view virtual returns (address) {
        return operator;
    }

    function _platform(uint256 key) internal pure returns (bytes32) {
        return keccak256(abi.encode("platform", key));
    }

    function _named(string memory name) internal view returns (address) {
        return deployer.namedAddress(address(this), keccak256(bytes(name)));
    }

    function _proxy(string memory name, address logic, bytes memory initialization) internal {
        DeterministicDeployer.Creation[] memory creations = new DeterministicDeployer.Creation[](1);
        creations[0] = DeterministicDeployer.Creation({
            named: true,
            salt: keccak256(bytes(name)),
            initCode: abi.encodePacked(type(L1Proxy).creationCode, abi.encode(logic, owner, initialization))
        });
        deployer.create(creations);
    }
}
