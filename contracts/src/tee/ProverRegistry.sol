// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712Upgradeable} from "@openzeppelin/contracts-upgradeable/utils/cryptography/EIP712Upgradeable.sol";
import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {ISystemConfig} from "../settlement/interfaces/ISystemConfig.sol";
import {Claim, ClaimLib} from "./Claim.sol";
import {IProverRegistry} from "./interfaces/IProverRegistry.sol";

/// @title ProverRegistry
/// @notice See `IProverRegistry`. Keys are admitted by the owner; removal is open to the guardian as well, because a
///         forged vendor cannot wait for a timelock.
contract ProverRegistry is IProverRegistry, OwnableUpgradeable, EIP712Upgradeable {
    using ClaimLib for Claim;

    /// @notice Longest time for which a key may be registered: keys are renewed, together with their evidence.
    uint64 public constant MAX_KEY_LIFETIME = 365 days;

    /// @inheritdoc IProverRegistry
    bool public dangerouslyAcceptsSimulated;

    /// @notice Where the guardian is named.
    ISystemConfig public systemConfig;

    /// @inheritdoc IProverRegistry
    mapping(bytes32 measurement => bool) public isMeasurementRevoked;

    mapping(address key => Prover) private _provers;
    address[] private _keys;

    /// @notice The owner, or the guardian.
    modifier onlyRevoker() {
        require(
            msg.sender == owner() || msg.sender == systemConfig.guardian(), ProverRegistry_Unauthorized(msg.sender)
        );
        _;
    }

    constructor() {
        _disableInitializers();
    }

    /// @param owner_ Admits keys: the timelock.
    /// @param systemConfig_ Names the guardian.
    /// @param acceptsSimulated Whether keys without hardware may be registered. Never in production.
    function initialize(address owner_, ISystemConfig systemConfig_, bool acceptsSimulated) external initializer {
        __Ownable_init(owner_);
        __EIP712_init("phala-l2 multi-proof", "1");
        systemConfig = systemConfig_;
        dangerouslyAcceptsSimulated = acceptsSimulated;
    }

    /// @inheritdoc IProverRegistry
    function register(address key, Kind kind, bytes32 measurement, uint64 expiresAt, bool simulated)
        external
        onlyOwner
    {
        require(key != address(0), ProverRegistry_ZeroKey());
        require(kind != Kind.NONE, ProverRegistry_UnknownKind());
        require(measurement != 0, ProverRegistry_ZeroMeasurement());
        require(!isMeasurementRevoked[measurement], ProverRegistry_RevokedMeasurement(measurement));
        require(!isRegistered(key), ProverRegistry_AlreadyRegistered(key));
        require(!simulated || dangerouslyAcceptsSimulated, ProverRegistry_SimulatedProver(key));
        require(
            expiresAt > block.timestamp && expiresAt <= block.timestamp + MAX_KEY_LIFETIME,
            ProverRegistry_InvalidExpiry(expiresAt)
        );

        _provers[key] = Prover({
            kind: kind,
            simulated: simulated,
            revoked: false,
            registeredAt: uint64(block.timestamp),
            expiresAt: expiresAt,
            measurement: measurement
        });
        _keys.push(key);
        emit ProverRegistered(key, kind, measurement, expiresAt, simulated);
    }

    /// @inheritdoc IProverRegistry
    function revoke(address key) external onlyRevoker {
        require(isRegistered(key), ProverRegistry_UnknownKey(key));
        _revoke(key);
    }

    /// @inheritdoc IProverRegistry
    function revokeMeasurement(bytes32 measurement) external onlyRevoker {
        require(measurement != 0, ProverRegistry_ZeroMeasurement());
        isMeasurementRevoked[measurement] = true;
        emit MeasurementRevoked(measurement);
    }

    /// @inheritdoc IProverRegistry
    function reportEquivocation(
        Claim calldata claim,
        bytes calldata signature,
        bytes32 otherOutputRoot,
        bytes calldata otherSignature
    ) external {
        Claim memory other = claim;
        other.outputRoot = otherOutputRoot;
        address key = _recover(claim, signature);
        bool proven = claim.outputRoot != otherOutputRoot && _recover(other, otherSignature) == key;
        require(proven, ProverRegistry_NoEquivocation());
        require(isRegistered(key), ProverRegistry_UnknownKey(key));
        _revoke(key);
        emit Equivocation(key, claim.outputRoot, otherOutputRoot);
    }

    /// @inheritdoc IProverRegistry
    function verify(Claim calldata claim, bytes calldata signature)
        external
        view
        returns (address key, HostVendor vendor, bool gpu)
    {
        key = _recover(claim, signature);
        Prover storage signer = _provers[key];
        require(signer.kind != Kind.NONE, ProverRegistry_UnknownKey(key));
        require(!signer.revoked, ProverRegistry_RevokedKey(key));
        require(!isMeasurementRevoked[signer.measurement], ProverRegistry_RevokedMeasurement(signer.measurement));
        require(block.timestamp < signer.expiresAt, ProverRegistry_ExpiredKey(key, signer.expiresAt));
        vendor = hostVendor(signer.kind);
        gpu = hasGpu(signer.kind);
    }

    /// @inheritdoc IProverRegistry
    function claimDigest(Claim calldata claim) external view returns (bytes32) {
        return _hashTypedDataV4(claim.structHash());
    }

    /// @inheritdoc IProverRegistry
    function isValid(address key) external view returns (bool) {
        Prover storage signer = _provers[key];
        return signer.kind != Kind.NONE && !signer.revoked && !isMeasurementRevoked[signer.measurement]
            && block.timestamp < signer.expiresAt;
    }

    /// @inheritdoc IProverRegistry
    function prover(address key) external view returns (Prover memory) {
        return _provers[key];
    }

    /// @inheritdoc IProverRegistry
    /// @dev Governed registration names nobody but the key.
    function beneficiaryOf(address key) external view returns (address) {
        return isRegistered(key) ? key : address(0);
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
        return "1.0.0";
    }

    /// @inheritdoc IProverRegistry
    function isRegistered(address key) public view returns (bool) {
        return _provers[key].kind != Kind.NONE;
    }

    /// @inheritdoc IProverRegistry
    function hostVendor(Kind kind) public pure returns (HostVendor) {
        if (kind == Kind.TDX || kind == Kind.TDX_GPU) return HostVendor.INTEL;
        if (kind == Kind.SEV_SNP || kind == Kind.SEV_SNP_GPU) return HostVendor.AMD;
        return HostVendor.NONE;
    }

    /// @inheritdoc IProverRegistry
    function hasGpu(Kind kind) public pure returns (bool) {
        return kind == Kind.TDX_GPU || kind == Kind.SEV_SNP_GPU;
    }

    function _revoke(address key) private {
        _provers[key].revoked = true;
        emit ProverRevoked(key);
    }

    /// @dev ECDSA refuses high-s signatures and the zero address; 65 bytes is the only length it takes.
    function _recover(Claim memory claim, bytes calldata signature) private view returns (address) {
        (address key, ECDSA.RecoverError failure,) =
            ECDSA.tryRecover(_hashTypedDataV4(claim.structHash()), signature);
        require(failure == ECDSA.RecoverError.NoError, ProverRegistry_InvalidSignature());
        return key;
    }
}
