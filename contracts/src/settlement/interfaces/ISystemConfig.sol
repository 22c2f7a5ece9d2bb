// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IResourceMetering} from "./IResourceMetering.sol";

/// @title ISystemConfig
/// @notice The chain's parameters that L2 nodes read from L1 logs (OP Stack specs, system-config.md), the addresses of the
///         system, the guardian and the pause.
interface ISystemConfig {
    /// @notice `updateType` of `ConfigUpdate`. The numbers are consensus.
    enum UpdateType {
        BATCHER,
        FEE_SCALARS,
        GAS_LIMIT,
        UNSAFE_BLOCK_SIGNER,
        EIP_1559_PARAMS,
        OPERATOR_FEE_PARAMS,
        MIN_BASE_FEE,
        DA_FOOTPRINT_GAS_SCALAR
    }

    struct Addresses {
        address l1CrossDomainMessenger;
        address l1StandardBridge;
        address optimismPortal;
        address disputeGameFactory;
        address optimismMintableERC20Factory;
    }

    /// @notice Everything that initialisation sets; units as of the setters.
    struct Parameters {
        address owner;
        address guardian;
        bytes32 batcherHash;
        uint32 basefeeScalar;
        uint32 blobbasefeeScalar;
        uint64 gasLimit;
        address unsafeBlockSigner;
        uint32 eip1559Denominator;
        uint32 eip1559Elasticity;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint64 minBaseFee;
        uint16 daFootprintGasScalar;
        address batchInbox;
        uint256 l2ChainId;
        Addresses addresses;
        IResourceMetering.ResourceConfig resourceConfig;
    }

    /// @notice A parameter that L2 derivation reads has changed, from this L1 block on.
    event ConfigUpdate(uint256 indexed version, UpdateType indexed updateType, bytes data);
    event GuardianSet(address indexed guardian);
    event Paused(uint256 until);
    event Unpaused();

    error SystemConfig_Unauthorized(address caller);
    error SystemConfig_ZeroAddress();
    error SystemConfig_GasLimitOutOfRange(uint64 gasLimit, uint64 minimum, uint64 maximum);
    error SystemConfig_ZeroEip1559Param();
    error SystemConfig_InvalidResourceConfig();
    error SystemConfig_AlreadyPaused();
    error SystemConfig_NotPaused();
    /// @notice The last pause ended too recently; the next may start at `allowedAt` (Unix seconds).
    error SystemConfig_PauseCoolingDown(uint256 allowedAt);

    /// @param batcherHash The batcher's address, left-padded to a word.
    function setBatcherHash(bytes32 batcherHash) external;

    function setGasConfigEcotone(uint32 basefeeScalar, uint32 blobbasefeeScalar) external;

    /// @param gasLimit Gas of one L2 block, within [minimumGasLimit, maximumGasLimit].
    function setGasLimit(uint64 gasLimit) external;

    function setUnsafeBlockSigner(address unsafeBlockSigner) external;

    function setEIP1559Params(uint32 denominator, uint32 elasticity) external;

    function setOperatorFeeScalars(uint32 operatorFeeScalar, uint64 operatorFeeConstant) external;

    /// @param minBaseFee Wei per L2 gas; zero switches the floor off.
    function setMinBaseFee(uint64 minBaseFee) external;

    /// @param daFootprintGasScalar Gas per byte of estimated data; zero means the default of 400.
    function setDAFootprintGasScalar(uint16 daFootprintGasScalar) external;

    function setResourceConfig(IResourceMetering.ResourceConfig calldata config) external;

    /// @notice Names the guardian, or him again, for a term of `GUARDIAN_TERM` from now.
    function setGuardian(address guardian) external;

    /// @notice Stops proving and finalising withdrawals for at most `PAUSE_DURATION`. Only the guardian. After a pause has
    ///         ended, exits stay open for at least `PAUSE_COOLDOWN`: pauses cannot be strung together.
    function pause() external;

    /// @notice Ends a pause early. The guardian or the owner.
    function unpause() external;

    function paused() external view returns (bool);

    /// @notice Unix seconds at which the current or last pause ends by itself.
    function pausedUntil() external view returns (uint256);

    /// @notice The longest a pause can last, in seconds.
    function PAUSE_DURATION() external view returns (uint256); // solhint-disable-line func-name-mixedcase

    /// @notice Seconds that must pass between two pauses.
    function PAUSE_COOLDOWN() external view returns (uint256); // solhint-disable-line func-name-mixedcase

    /// @notice Who judges and pauses; zero once his term is over.
    function guardian() external view returns (address);

    /// @notice Unix seconds at which the guardian's term ends by itself. What governs names him by messages that leave L2 as
    ///         withdrawals do: a guardian who stops all of these could otherwise never be replaced.
    function guardianTermEndsAt() external view returns (uint256);

    /// @notice Seconds of a guardian's term.
    // solhint-disable-next-line func-name-mixedcase
    function GUARDIAN_TERM() external view returns (uint256);

    /// @notice This contract: guardian and pause of the OP Stack's SuperchainConfig live here.
    function superchainConfig() external view returns (ISystemConfig);

    function batcherHash() external view returns (bytes32);

    /// @notice Unused since Ecotone; always zero.
    function overhead() external view returns (uint256);

    /// @notice The fee scalars packed as version 1.
    function scalar() external view returns (uint256);

    function basefeeScalar() external view returns (uint32);

    function blobbasefeeScalar() external view returns (uint32);

    function gasLimit() external view returns (uint64);

    function minimumGasLimit() external view returns (uint64);

    function maximumGasLimit() external pure returns (uint64);

    function unsafeBlockSigner() external view returns (address);

    function eip1559Denominator() external view returns (uint32);

    function eip1559Elasticity() external view returns (uint32);

    function operatorFeeScalar() external view returns (uint32);

    function operatorFeeConstant() external view returns (uint64);

    function minBaseFee() external view returns (uint64);

    function daFootprintGasScalar() external view returns (uint16);

    function resourceConfig() external view returns (IResourceMetering.ResourceConfig memory);

    function batchInbox() external view returns (address);

    /// @notice The L1 block in which this contract was initialised.
    function startBlock() external view returns (uint256);

    function l2ChainId() external view returns (uint256);

    function getAddresses() external view returns (Addresses memory);

    function l1CrossDomainMessenger() external view returns (address);

    function l1StandardBridge() external view returns (address);

    function optimismPortal() external view returns (address);

    function disputeGameFactory() external view returns (address);

    function optimismMintableERC20Factory() external view returns (address);

    function version() external pure returns (string memory);
}
