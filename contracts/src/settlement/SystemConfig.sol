// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OwnableUpgradeable} from "@openzeppelin/contracts-upgradeable/access/OwnableUpgradeable.sol";
import {StorageSlot} from "@openzeppelin/contracts/utils/StorageSlot.sol";
import {IResourceMetering} from "./interfaces/IResourceMetering.sol";
import {ISystemConfig} from "./interfaces/ISystemConfig.sol";

/// @title SystemConfig
/// @notice See `ISystemConfig`.
contract SystemConfig is ISystemConfig, OwnableUpgradeable {
    /// @notice `version` of every `ConfigUpdate`.
    uint256 public constant VERSION = 0;

    /// @notice Nodes read the unsafe block signer from this storage slot (op-node's runtime configuration).
    bytes32 public constant UNSAFE_BLOCK_SIGNER_SLOT = keccak256("systemconfig.unsafeblocksigner");

    /// @inheritdoc ISystemConfig
    uint256 public constant PAUSE_DURATION = 14 days;

    /// @inheritdoc ISystemConfig
    uint256 public constant PAUSE_COOLDOWN = 14 days;

    /// @inheritdoc ISystemConfig
    uint256 public constant GUARDIAN_TERM = 365 days;

    /// @notice Block gas beyond which L2 execution cannot be expected to keep pace with its provers.
    uint64 private constant MAXIMUM_GAS_LIMIT = 500_000_000;

    /// @notice Version byte of the packed scalars since Ecotone.
    uint256 private constant SCALAR_VERSION = uint256(0x01) << 248;

    /// @inheritdoc ISystemConfig
    bytes32 public batcherHash;
    /// @inheritdoc ISystemConfig
    uint32 public basefeeScalar;
    /// @inheritdoc ISystemConfig
    uint32 public blobbasefeeScalar;
    /// @inheritdoc ISystemConfig
    uint64 public gasLimit;
    /// @inheritdoc ISystemConfig
    uint32 public eip1559Denominator;
    /// @inheritdoc ISystemConfig
    uint32 public eip1559Elasticity;
    /// @inheritdoc ISystemConfig
    uint32 public operatorFeeScalar;
    /// @inheritdoc ISystemConfig
    uint64 public operatorFeeConstant;
    /// @inheritdoc ISystemConfig
    uint64 public minBaseFee;
    /// @inheritdoc ISystemConfig
    uint16 public daFootprintGasScalar;
    /// @dev Whoever was named last, his term over or not.
    address private _guardian;
    /// @inheritdoc ISystemConfig
    address public batchInbox;
    /// @inheritdoc ISystemConfig
    uint256 public startBlock;
    /// @inheritdoc ISystemConfig
    uint256 public l2ChainId;
    /// @inheritdoc ISystemConfig
    uint256 public pausedUntil;

    Addresses private _addresses;
    IResourceMetering.ResourceConfig private _resourceConfig;

    /// @inheritdoc ISystemConfig
    uint256 public guardianTermEndsAt;

    constructor() {
        _disableInitializers();
    }

    /// @notice Sets everything, and emits each parameter so that the chain's configuration can be read from logs alone.
    function initialize(Parameters calldata parameters) external initializer {
        __Ownable_init(parameters.owner);
        startBlock = block.number;
        l2ChainId = parameters.l2ChainId;
        batchInbox = parameters.batchInbox;
        _addresses = parameters.addresses;
        _setGuardian(parameters.guardian);
        _setResourceConfig(parameters.resourceConfig);
        _setBatcherHash(parameters.batcherHash);
        _setGasConfigEcotone(parameters.basefeeScalar, parameters.blobbasefeeScalar);
        _setGasLimit(parameters.gasLimit);
        _setUnsafeBlockSigner(parameters.unsafeBlockSigner);
        _setEIP1559Params(parameters.eip1559Denominator, parameters.eip1559Elasticity);
        _setOperatorFeeScalars(parameters.operatorFeeScalar, parameters.operatorFeeConstant);
        _setMinBaseFee(parameters.minBaseFee);
        _setDAFootprintGasScalar(parameters.daFootprintGasScalar);
    }

    /// @inheritdoc ISystemConfig
    function setBatcherHash(bytes32 batcherHash_) external onlyOwner {
        _setBatcherHash(batcherHash_);
    }

    /// @inheritdoc ISystemConfig
    function setGasConfigEcotone(uint32 basefeeScalar_, uint32 blobbasefeeScalar_) external onlyOwner {
        _setGasConfigEcotone(basefeeScalar_, blobbasefeeScalar_);
    }

    /// @inheritdoc ISystemConfig
    function setGasLimit(uint64 gasLimit_) external onlyOwner {
        _setGasLimit(gasLimit_);
    }

    /// @inheritdoc ISystemConfig
    function setUnsafeBlockSigner(address unsafeBlockSigner_) external onlyOwner {
        _setUnsafeBlockSigner(unsafeBlockSigner_);
    }

    /// @inheritdoc ISystemConfig
    function setEIP1559Params(uint32 denominator, uint32 elasticity) external onlyOwner {
        _setEIP1559Params(denominator, elasticity);
    }

    /// @inheritdoc ISystemConfig
    function setOperatorFeeScalars(uint32 operatorFeeScalar_, uint64 operatorFeeConstant_) external onlyOwner {
        _setOperatorFeeScalars(operatorFeeScalar_, operatorFeeConstant_);
    }

    /// @inheritdoc ISystemConfig
    function setMinBaseFee(uint64 minBaseFee_) external onlyOwner {
        _setMinBaseFee(minBaseFee_);
    }

    /// @inheritdoc ISystemConfig
    function setDAFootprintGasScalar(uint16 daFootprintGasScalar_) external onlyOwner {
        _setDAFootprintGasScalar(daFootprintGasScalar_);
    }

    /// @inheritdoc ISystemConfig
    function setResourceConfig(IResourceMetering.ResourceConfig calldata config) external onlyOwner {
        _setResourceConfig(config);
        require(gasLimit >= minimumGasLimit(), SystemConfig_InvalidResourceConfig());
    }

    /// @inheritdoc ISystemConfig
    function setGuardian(address guardian_) external onlyOwner {
        _setGuardian(guardian_);
    }

    /// @inheritdoc ISystemConfig
    function pause() external {
        require(msg.sender == guardian(), SystemConfig_Unauthorized(msg.sender));
        require(!paused(), SystemConfig_AlreadyPaused());
        uint256 allowedAt = pausedUntil == 0 ? 0 : pausedUntil + PAUSE_COOLDOWN;
        require(block.timestamp >= allowedAt, SystemConfig_PauseCoolingDown(allowedAt));
        pausedUntil = block.timestamp + PAUSE_DURATION;
        emit Paused(pausedUntil);
    }

    /// @inheritdoc ISystemConfig
    function unpause() external {
        require(msg.sender == guardian() || msg.sender == owner(), SystemConfig_Unauthorized(msg.sender));
        require(paused(), SystemConfig_NotPaused());
        pausedUntil = block.timestamp;
        emit Unpaused();
    }

    /// @inheritdoc ISystemConfig
    function superchainConfig() external view returns (ISystemConfig) {
        return this;
    }

    /// @inheritdoc ISystemConfig
    function scalar() external view returns (uint256) {
        return _packedScalar();
    }

    /// @inheritdoc ISystemConfig
    function unsafeBlockSigner() external view returns (address) {
        return StorageSlot.getAddressSlot(UNSAFE_BLOCK_SIGNER_SLOT).value;
    }

    /// @inheritdoc ISystemConfig
    function resourceConfig() external view returns (IResourceMetering.ResourceConfig memory) {
        return _resourceConfig;
    }

    /// @inheritdoc ISystemConfig
    function getAddresses() external view returns (Addresses memory) {
        return _addresses;
    }

    /// @inheritdoc ISystemConfig
    function l1CrossDomainMessenger() external view returns (address) {
        return _addresses.l1CrossDomainMessenger;
    }

    /// @inheritdoc ISystemConfig
    function l1StandardBridge() external view returns (address) {
        return _addresses.l1StandardBridge;
    }

    /// @inheritdoc ISystemConfig
    function optimismPortal() external view returns (address) {
        return _addresses.optimismPortal;
    }

    /// @inheritdoc ISystemConfig
    function disputeGameFactory() external view returns (address) {
        return _addresses.disputeGameFactory;
    }

    /// @inheritdoc ISystemConfig
    function optimismMintableERC20Factory() external view returns (address) {
        return _addresses.optimismMintableERC20Factory;
    }

    /// @inheritdoc ISystemConfig
    function overhead() external pure returns (uint256) {
        return 0;
    }

    /// @inheritdoc ISystemConfig
    function version() external pure returns (string memory) {
        return "3.0.0";
    }

    /// @inheritdoc ISystemConfig
    function paused() public view returns (bool) {
        return block.timestamp < pausedUntil;
    }

    /// @inheritdoc ISystemConfig
    function guardian() public view returns (address) {
        return block.timestamp < guardianTermEndsAt ? _guardian : address(0);
    }

    /// @inheritdoc ISystemConfig
    function minimumGasLimit() public view returns (uint64) {
        return uint64(_resourceConfig.maxResourceLimit) + uint64(_resourceConfig.systemTxMaxGas);
    }

    /// @inheritdoc ISystemConfig
    function maximumGasLimit() public pure returns (uint64) {
        return MAXIMUM_GAS_LIMIT;
    }

    function _setBatcherHash(bytes32 batcherHash_) private {
        require(batcherHash_ != 0, SystemConfig_ZeroAddress());
        batcherHash = batcherHash_;
        emit ConfigUpdate(VERSION, UpdateType.BATCHER, abi.encode(batcherHash_));
    }

    function _setGasConfigEcotone(uint32 basefeeScalar_, uint32 blobbasefeeScalar_) private {
        basefeeScalar = basefeeScalar_;
        blobbasefeeScalar = blobbasefeeScalar_;
        emit ConfigUpdate(VERSION, UpdateType.FEE_SCALARS, abi.encode(uint256(0), _packedScalar()));
    }

    function _setGasLimit(uint64 gasLimit_) private {
        uint64 minimum = minimumGasLimit();
        require(
            gasLimit_ >= minimum && gasLimit_ <= MAXIMUM_GAS_LIMIT,
            SystemConfig_GasLimitOutOfRange(gasLimit_, minimum, MAXIMUM_GAS_LIMIT)
        );
        gasLimit = gasLimit_;
        emit ConfigUpdate(VERSION, UpdateType.GAS_LIMIT, abi.encode(gasLimit_));
    }

    function _setUnsafeBlockSigner(address unsafeBlockSigner_) private {
        StorageSlot.getAddressSlot(UNSAFE_BLOCK_SIGNER_SLOT).value = unsafeBlockSigner_;
        emit ConfigUpdate(VERSION, UpdateType.UNSAFE_BLOCK_SIGNER, abi.encode(unsafeBlockSigner_));
    }

    /// @dev Zero would divide by zero in the L2 base fee rule.
    function _setEIP1559Params(uint32 denominator, uint32 elasticity) private {
        require(denominator != 0 && elasticity != 0, SystemConfig_ZeroEip1559Param());
        eip1559Denominator = denominator;
        eip1559Elasticity = elasticity;
        emit ConfigUpdate(
            VERSION, UpdateType.EIP_1559_PARAMS, abi.encode((uint256(denominator) << 32) | uint256(elasticity))
        );
    }

    function _setOperatorFeeScalars(uint32 operatorFeeScalar_, uint64 operatorFeeConstant_) private {
        operatorFeeScalar = operatorFeeScalar_;
        operatorFeeConstant = operatorFeeConstant_;
        emit ConfigUpdate(
            VERSION,
            UpdateType.OPERATOR_FEE_PARAMS,
            abi.encode((uint256(operatorFeeScalar_) << 64) | uint256(operatorFeeConstant_))
        );
    }

    function _setMinBaseFee(uint64 minBaseFee_) private {
        minBaseFee = minBaseFee_;
        emit ConfigUpdate(VERSION, UpdateType.MIN_BASE_FEE, abi.encode(minBaseFee_));
    }

    function _setDAFootprintGasScalar(uint16 daFootprintGasScalar_) private {
        daFootprintGasScalar = daFootprintGasScalar_;
        emit ConfigUpdate(VERSION, UpdateType.DA_FOOTPRINT_GAS_SCALAR, abi.encode(daFootprintGasScalar_));
    }

    function _setGuardian(address guardian_) private {
        require(guardian_ != address(0), SystemConfig_ZeroAddress());
        _guardian = guardian_;
        guardianTermEndsAt = block.timestamp + GUARDIAN_TERM;
        emit GuardianSet(guardian_);
    }

    /// @dev Each divisor of the gas market must be non-zero, and its bounds in order.
    function _setResourceConfig(IResourceMetering.ResourceConfig calldata config) private {
        bool valid = config.minimumBaseFee <= config.maximumBaseFee && config.baseFeeMaxChangeDenominator > 1
            && config.elasticityMultiplier != 0 && config.maxResourceLimit >= config.elasticityMultiplier
            && config.maxResourceLimit % config.elasticityMultiplier == 0;
        require(valid, SystemConfig_InvalidResourceConfig());
        _resourceConfig = config;
    }

    function _packedScalar() private view returns (uint256) {
        return SCALAR_VERSION | (uint256(blobbasefeeScalar) << 32) | uint256(basefeeScalar);
    }
}
