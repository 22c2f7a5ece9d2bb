// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {Claim, ClaimLib} from "./Claim.sol";
import {EvidenceAppraisal, RegistryDependencies} from "./EvidenceAppraisal.sol";
import {IAttestationPolicy} from "./interfaces/IAttestationPolicy.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";
import {ITeeVerifier} from "./interfaces/ITeeVerifier.sol";
import {ProverBonds} from "./ProverBonds.sol";
import {ProverKinds} from "./ProverKinds.sol";

/// @title ProverRegistry
/// @notice See `IProverRegistry`. Nobody can admit a key without evidence. What verifies it is fixed in the
///         implementation: another verifier is an upgrade, which waits for the timelock.
contract ProverRegistry is EvidenceAppraisal, ProverBonds, EIP712Upgradeable {
    using ClaimLib for Claim;

    /// @notice Gas that must be left to judge evidence anew: half as much again as MAX_EVIDENCE_GAS, so that no evidence
    ///         that was admitted can run out of it, also under collateral that has grown since.
    uint256 public constant APPRAISAL_GAS = 12_000_000;

    /// @notice From a key's evidence shown to be no longer good to the key's end: time to bring collateral that ran out, or
    ///         to have L1 wait for an edition of the vendor's that came early.
    uint64 public constant NOTICE_PERIOD = 1 days;

    /// @notice How long a notice serves after its period: a lapse in some other month needs a notice of its own.
    uint64 public constant NOTICE_VALIDITY = 2 days;

    /// @notice Where the guardian is named.
    ISystemConfig public immutable systemConfig;
    /// @inheritdoc IProverRegistry
    bool public immutable dangerouslyAcceptsSimulated;

    /// @inheritdoc IProverRegistry
    uint64 public currentPolicyVersion;

    /// @inheritdoc IProverRegistry
    mapping(bytes32 deviceId => address) public keyOfDevice;

    /// @inheritdoc IProverRegistry
    mapping(address key => uint64) public noticedAt;

    address[] private _keys;

    /// @dev L1 block that the last report of a GPU answers.
    mapping(bytes32 deviceId => uint256) private _askedAt;

    /// @inheritdoc IProverRegistry
    mapping(address court => bool) public isCourt;

    bytes32 private constant REGISTRATION_TYPEHASH =
        keccak256("Registration(address beneficiary,uint64 policyVersion,bytes32 l1BlockHash)");

    modifier onlyCourt() {
        require(isCourt[msg.sender], ProverRegistry_Unauthorized(msg.sender));
        _;
    }

    constructor(RegistryDependencies memory dependencies)
        EvidenceAppraisal(dependencies)
        ProverBonds(dependencies.bondToken)
    {
        systemConfig = dependencies.systemConfig;
        dangerouslyAcceptsSimulated = dependencies.dangerouslyAcceptsSimulated;
        _disableInitializers();
    }

    /// @param owner_ Revokes keys, decides about disputed bonds, receives what is slashed: the timelock.
    /// @dev The policy exists before: it tells of each later change itself.
    function initialize(address owner_) external initializer {
        __Ownable_init(owner_);
        currentPolicyVersion = policy.version();
    }

    /// @inheritdoc IProverRegistry
    function register(Registration calldata registration) external {
        address key = registration.key;
        require(key != address(0), ProverRegistry_ZeroKey());
        require(registration.beneficiary != address(0), ProverRegistry_ZeroBeneficiary());
        require(registration.kind != IProverRegistry.Kind.NONE, ProverRegistry_UnknownKind());
        require(!isRegistered(key), ProverRegistry_AlreadyRegistered(key));
        bytes32 l1BlockHash = _recentBlockHash(registration.l1BlockNumber);
        bytes32 digest = registrationDigest(registration.beneficiary, registration.policyVersion, l1BlockHash);
        address signer = _recover(digest, registration.signature);
        require(signer == key, ProverRegistry_RegistrationNotSigned(key, signer));

        Appraised memory appraised = _appraise(registration, l1BlockHash);
        uint96 bond = policy.bond();
        _bindDevices(registration, appraised);
        _store(registration, appraised, bond);
        _takeBond(bond);
    }

    /// @inheritdoc IProverRegistry
    function affirm(address key) external {
        _requireValid(key);
        _provers[key].policyVersion = currentPolicyVersion;
        emit ProverAffirmed(key, currentPolicyVersion);
    }

    /// @inheritdoc IProverRegistry
    function policyChanged(uint64 version_) external {
        require(msg.sender == address(policy), ProverRegistry_Unauthorized(msg.sender));
        currentPolicyVersion = version_;
    }

    /// @inheritdoc IProverRegistry
    function retire(address key) external {
        require(msg.sender == _provers[key].beneficiary, ProverRegistry_Unauthorized(msg.sender));
        _end(key, Ending.RETIRED);
        emit ProverRetired(key);
    }

    /// @inheritdoc IProverRegistry
    function revoke(address key) external {
        require(
            msg.sender == owner() || msg.sender == systemConfig.guardian(), ProverRegistry_Unauthorized(msg.sender)
        );
        _end(key, Ending.REVOKED);
        emit ProverRevoked(key);
    }

    /// @inheritdoc IProverRegistry
    function invalidate(address key) external {
        Prover storage prover_ = _provers[key];
        _end(key, Ending.INVALIDATED);
        Cause cause = Cause.EXPIRED;
        if (block.timestamp < prover_.expiresAt) {
            if (_standingOf(prover_) != IAttestationPolicy.Standing.ALLOWED) cause = Cause.POLICY;
            else if (!_areValid(prover_.certificates)) cause = Cause.CERTIFICATE;
            else revert ProverRegistry_StillValid(key);
        }
        emit ProverInvalidated(key, cause);
    }

    /// @inheritdoc IProverRegistry
    function invalidateByEvidence(address key, bytes calldata evidence) external {
        Prover storage prover_ = _requireNotEnded(key);
        bytes32 found = keccak256(evidence);
        require(found == prover_.evidenceHash, ProverRegistry_OtherEvidence(prover_.evidenceHash, found));
        // The gas left is far more than this evidence takes: what fails below does not fail for want of gas.
        require(gasleft() >= APPRAISAL_GAS, ProverRegistry_TooLittleGas(APPRAISAL_GAS, gasleft()));
        require(!_isGoodNow(prover_.kind, evidence), ProverRegistry_StillValid(key));
        uint64 noticed = noticedAt[key];
        uint64 endsAt = noticed + NOTICE_PERIOD;
        if (noticed == 0 || block.timestamp >= endsAt + NOTICE_VALIDITY) {
            noticedAt[key] = uint64(block.timestamp);
            emit ProverNoticed(key, uint64(block.timestamp) + NOTICE_PERIOD);
            return;
        }
        require(block.timestamp >= endsAt, ProverRegistry_NoticePeriod(key, endsAt));
        _end(key, Ending.INVALIDATED);
        emit ProverInvalidated(key, Cause.EVIDENCE);
    }

    /// @inheritdoc IProverRegistry
    function reportEquivocation(
        Claim calldata claim,
        bytes calldata signature,
        bytes32 otherOutputRoot,
        bytes calldata otherSignature
    ) external {
        require(claim.outputRoot != otherOutputRoot, ProverRegistry_NoEquivocation());
        Claim memory other = claim;
        other.outputRoot = otherOutputRoot;
        address key = _recover(claimDigest(claim), signature);
        address otherKey = _recover(_hashTypedDataV4(other.structHash()), otherSignature);
        require(isRegistered(key), ProverRegistry_UnknownKey(key));
        if (key == otherKey) {
            emit Equivocation(key, claim.outputRoot, otherOutputRoot);
            _punish(key, msg.sender);
        } else {
            emit Contradiction(key, otherKey, claim.outputRoot, otherOutputRoot);
            _dispute(key, otherKey);
        }
    }

    /// @inheritdoc IProverRegistry
    function convict(address key, address reporter) external onlyCourt {
        _punish(key, reporter);
    }

    /// @inheritdoc IProverRegistry
    function setCourt(address court, bool isCourt_) external onlyOwner {
        isCourt[court] = isCourt_;
        emit CourtChanged(court, isCourt_);
    }

    /// @inheritdoc IProverRegistry
    function verify(Claim calldata claim, bytes calldata signature)
        external
        view
        returns (address key, IProverRegistry.HostVendor vendor, bool gpu)
    {
        key = _recover(claimDigest(claim), signature);
        IProverRegistry.Kind kind = _requireValid(key);
        vendor = ProverKinds.hostVendor(kind);
        gpu = ProverKinds.hasGpu(kind);
    }

    /// @inheritdoc IProverRegistry
    function prover(address key) external view returns (Prover memory) {
        return _provers[key];
    }

    /// @inheritdoc IProverRegistry
    function beneficiaryOf(address key) external view returns (address) {
        return _provers[key].beneficiary;
    }

    /// @inheritdoc IProverRegistry
    function proverCount() external view returns (uint256) {
        return _keys.length;
    }

    /// @inheritdoc IProverRegistry
    function proverAt(uint256 index) external view returns (address key) {
        return _keys[index];
    }

    /// @inheritdoc IProverRegistry
    function version() external pure returns (string memory) {
        return "2.0.0";
    }

    /// @inheritdoc IProverRegistry
    function hostVendor(IProverRegistry.Kind kind) external pure returns (IProverRegistry.HostVendor) {
        return ProverKinds.hostVendor(kind);
    }

    /// @inheritdoc IProverRegistry
    function hasGpu(IProverRegistry.Kind kind) external pure returns (bool) {
        return ProverKinds.hasGpu(kind);
    }

    /// @inheritdoc IProverRegistry
    function claimDigest(Claim calldata claim) public view returns (bytes32) {
        return _hashTypedDataV4(claim.structHash());
    }

    /// @inheritdoc IProverRegistry
    function registrationDigest(address beneficiary, uint64 policyVersion, bytes32 l1BlockHash)
        public
        view
        returns (bytes32)
    {
        return _hashTypedDataV4(
            keccak256(abi.encode(REGISTRATION_TYPEHASH, beneficiary, policyVersion, l1BlockHash))
        );
    }

    /// @inheritdoc IProverRegistry
    function isValid(address key) public view returns (bool) {
        Prover storage signer = _provers[key];
        return signer.kind != IProverRegistry.Kind.NONE && signer.ending == Ending.NONE
            && block.timestamp < signer.expiresAt && _standingOf(signer) == IAttestationPolicy.Standing.ALLOWED;
    }

    /// @inheritdoc IProverRegistry
    function isRegistered(address key) public view returns (bool) {
        return _provers[key].kind != IProverRegistry.Kind.NONE;
    }

    /// @dev Constants, so that no proof pays for reading them.
    function _EIP712Name() internal pure override returns (string memory) {
        return "phala-l2 multi-proof";
    }

    function _EIP712Version() internal pure override returns (string memory) {
        return "1";
    }

    /// @dev A GPU serves one valid key: whose report of it is over the newest block, since that shows who has it now, be it
    ///      the same prover after a start or another tenant. One over no newer block shows nothing: it may be of a
    ///      registration that was left over, of a key that is gone, and anyone may send that.
    function _bindDevices(Registration calldata registration, Appraised memory appraised) private {
        for (uint256 i = 0; i < appraised.deviceIds.length; ++i) {
            bytes32 device = appraised.deviceIds[i];
            address holder = keyOfDevice[device];
            require(holder != registration.key, ProverRegistry_DuplicateDevice(device));
            if (isValid(holder)) {
                require(registration.l1BlockNumber > _askedAt[device], ProverRegistry_DeviceInUse(device, holder));
                _end(holder, Ending.SUPERSEDED);
                emit ProverSuperseded(holder, registration.key);
            }
            (keyOfDevice[device], _askedAt[device]) = (registration.key, registration.l1BlockNumber);
            emit DeviceBound(device, registration.key);
        }
    }

    function _store(Registration calldata registration, Appraised memory appraised, uint96 bond) private {
        Prover storage entry = _provers[registration.key];
        (entry.kind, entry.bondState, entry.tcbStatus) =
            (registration.kind, BondState.HELD, appraised.cpu.tcbStatus);
        // What the policy has just accepted is as good as evidence of its present version.
        (entry.policyVersion, entry.registeredAt) = (currentPolicyVersion, uint64(block.timestamp));
        entry.expiresAt = appraised.expiresAt;
        (entry.measurement, entry.platformId) = (appraised.cpu.measurement, appraised.cpu.platformId);
        (entry.tcbEvaluation, entry.advisories) = (appraised.cpu.tcbEvaluation, appraised.cpu.advisories);
        (entry.beneficiary, entry.bond, entry.registrant) = (registration.beneficiary, bond, msg.sender);
        entry.evidenceHash = keccak256(registration.evidence);
        (entry.certificates, entry.deviceIds) = (appraised.certificates, appraised.deviceIds);
        _keys.push(registration.key);
        emit ProverRegistered(
            registration.key,
            registration.kind,
            entry.measurement,
            entry.platformId,
            registration.policyVersion,
            entry.evidenceHash,
            appraised.expiresAt,
            entry.tcbStatus,
            registration.beneficiary,
            msg.sender
        );
    }

    /// @dev Ends a key that has not ended before.
    function _end(address key, Ending ending) private {
        Prover storage prover_ = _requireNotEnded(key);
        (prover_.ending, prover_.endedAt) = (ending, uint64(block.timestamp));
    }

    function _requireNotEnded(address key) private view returns (Prover storage prover_) {
        prover_ = _provers[key];
        require(isRegistered(key), ProverRegistry_UnknownKey(key));
        require(prover_.ending == Ending.NONE, ProverRegistry_EndedKey(key, prover_.ending));
    }

    /// @dev Genuine as of now, and good enough.
    function _isGoodNow(IProverRegistry.Kind kind, bytes calldata evidence) private view returns (bool) {
        try _verifierOf(kind).verify(evidence) returns (ITeeVerifier.Report memory report) {
            return policy.acceptsTcb(report.vendor, report.tcbStatus, report.tcbEvaluation, report.advisories);
        } catch {
            return false;
        }
    }

    /// @dev The key lies, or is not where it was attested to be. One that was ended otherwise before did so all the same.
    function _punish(address key, address reporter) private {
        Prover storage prover_ = _provers[key];
        BondState state = prover_.bondState;
        require(state == BondState.HELD || state == BondState.DISPUTED, ProverRegistry_BondState(key, state));
        if (prover_.ending == Ending.NONE) _end(key, Ending.EQUIVOCATED);
        // What policy shut out before is known: keys from then cannot be used to end a vendor that was restored since.
        if (_standingOf(prover_) == IAttestationPolicy.Standing.ALLOWED) {
            policy.nullifyVendor(ProverKinds.hostVendor(prover_.kind));
        }
        _slash(key, reporter, REPORTER_PERCENT);
    }

    /// @dev Who of both lies is not for this contract to say; their vendor cannot be trusted until it is said.
    function _dispute(address key, address otherKey) private {
        IProverRegistry.HostVendor vendor = ProverKinds.hostVendor(_provers[key].kind);
        require(
            vendor == ProverKinds.hostVendor(_provers[otherKey].kind) && _isAccountable(key)
                && _isAccountable(otherKey),
            ProverRegistry_NoEquivocation()
        );
        _accuse(key);
        _accuse(otherKey);
        policy.nullifyVendor(vendor);
    }

    function _accuse(address key) private {
        Prover storage prover_ = _provers[key];
        if (prover_.ending == Ending.NONE) _end(key, Ending.CONTRADICTED);
        prover_.bondState = BondState.DISPUTED;
    }

    /// @dev Valid, or out of time, or gone by its operator's will, as long as its bond is here: who contradicts and then
    ///      leaves at once does not escape. What others ended accuses nobody: it may be known to be broken.
    function _isAccountable(address key) private view returns (bool) {
        Prover storage prover_ = _provers[key];
        if (prover_.bondState != BondState.HELD) return false;
        Ending ending = prover_.ending;
        bool left = ending == Ending.NONE || ending == Ending.RETIRED || ending == Ending.SUPERSEDED
            || (ending == Ending.INVALIDATED && prover_.endedAt >= prover_.expiresAt);
        return left && _standingOf(prover_) == IAttestationPolicy.Standing.ALLOWED;
    }

    /// @dev As `isValid`, with the reason.
    function _requireValid(address key) private view returns (IProverRegistry.Kind kind) {
        Prover storage signer = _provers[key];
        Ending ending;
        uint64 expiresAt;
        (kind, ending, expiresAt) = (signer.kind, signer.ending, signer.expiresAt);
        require(kind != IProverRegistry.Kind.NONE, ProverRegistry_UnknownKey(key));
        require(ending == Ending.NONE, ProverRegistry_EndedKey(key, ending));
        require(block.timestamp < expiresAt, ProverRegistry_ExpiredKey(key, expiresAt));
        IAttestationPolicy.Standing standing = _standingOf(signer);
        require(standing == IAttestationPolicy.Standing.ALLOWED, ProverRegistry_KeyNotAllowed(key, standing));
    }

    function _areValid(bytes32[] storage ids) private view returns (bool) {
        for (uint256 i = 0; i < ids.length; ++i) {
            if (!certificates.isValid(ids[i])) return false;
        }
        return true;
    }

    /// @dev Since the version of the policy that last allowed the key nothing has changed, or the policy is asked. Every
    ///      change of the policy is a version of its own, of which it tells this contract in the same transaction.
    function _standingOf(Prover storage prover_) private view returns (IAttestationPolicy.Standing) {
        if (prover_.policyVersion == currentPolicyVersion) return IAttestationPolicy.Standing.ALLOWED;
        return policy.standingOf(
            prover_.measurement, prover_.platformId, ProverKinds.hostVendor(prover_.kind), prover_.policyVersion
        );
    }

    /// @dev ECDSA refuses high-s signatures and the zero address; 65 bytes is the only length it takes.
    function _recover(bytes32 digest, bytes calldata signature) private pure returns (address) {
        (address key, ECDSA.RecoverError failure,) = ECDSA.tryRecover(digest, signature);
        require(failure == ECDSA.RecoverError.NoError, ProverRegistry_InvalidSignature());
        return key;
    }
}
