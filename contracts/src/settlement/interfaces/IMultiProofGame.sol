// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IDisputeGame} from "./IDisputeGame.sol";
import {IDisputeGameFactory} from "./IDisputeGameFactory.sol";
import {IProofPolicy} from "./IProofPolicy.sol";
import {IProverRewards} from "./IProverRewards.sol";
import {IProverRegistry} from "../../tee/interfaces/IProverRegistry.sol";

/// @title IMultiProofGame
/// @notice A game that is decided by signed claims of provers in trusted execution environments.
///
///   created with a proof --+-- threshold of vendors, then fastDelay --------> DEFENDER_WINS
///                          +-- one vendor, slowDelay after the first proof -> DEFENDER_WINS
///   created with a bond  --+-- challengeWindow without contradiction -------> DEFENDER_WINS
///                          +-- a valid proof of another root, or of none ---> CHALLENGER_WINS
///                          +-- the parent loses or is blacklisted ----------> CHALLENGER_WINS
///
///         Support is counted anew at resolution, by the keys that are valid then: revoking a key or a measurement kills
///         what it supported and has not resolved.
interface IMultiProofGame is IDisputeGame {
    /// @param key The prover.
    /// @param vendor Its host vendor.
    /// @param gpu Whether its kind includes a GPU.
    /// @param provedAt Unix seconds.
    struct Supporter {
        address key;
        IProverRegistry.HostVendor vendor;
        bool gpu;
        uint64 provedAt;
    }

    /// @notice The standing of a game, counted over supporters that are valid now.
    /// @param hostVendors Distinct host vendors.
    /// @param gpu Whether a supporter has a GPU.
    /// @param firstProofAt Unix seconds of the first valid proof; zero without one.
    /// @param thresholdAt Unix seconds at which the policy's threshold was reached; zero if it is not.
    /// @param gpuVendors Distinct host vendors of supporters with a GPU.
    struct Standing {
        uint8 hostVendors;
        bool gpu;
        uint64 firstProofAt;
        uint64 thresholdAt;
        uint8 gpuVendors;
    }

    event Proved(address indexed key, IProverRegistry.HostVendor indexed vendor, bool gpu);
    /// @notice A valid key signed `outputRoot` for this game's input, zero for "no such block": the game is lost.
    event Contradicted(address indexed key, bytes32 outputRoot);
    /// @notice The bond, or a part of it, belongs to `recipient`.
    event BondCredited(address indexed recipient, uint256 amount);
    event CreditClaimed(address indexed recipient, uint256 amount);

    error MultiProofGame_OnlyFactory();
    error MultiProofGame_AlreadyInitialized();
    /// @notice Not 64 bytes `abi.encode(uint256 l2BlockNumber, address parentGame)`, or out of range.
    error MultiProofGame_InvalidExtraData();
    error MultiProofGame_InvalidParent(address parent);
    /// @notice The proposal does not lie beyond what it builds on.
    error MultiProofGame_BlockNotAfterParent(uint256 l2BlockNumber, uint256 previousBlockNumber);
    /// @notice The proposal spans more blocks than a prover executes for one claim, so that none could contradict it.
    error MultiProofGame_TooManyBlocks(uint256 blocks, uint256 most);
    /// @notice Provers are not silent for long enough; bonded proposals open at `opensAt` (Unix seconds).
    error MultiProofGame_FallbackClosed(uint256 opensAt);
    error MultiProofGame_NotInProgress();
    error MultiProofGame_AlreadyProved(address key);
    /// @notice A valid key of the same host vendor and GPU class supports the game already.
    error MultiProofGame_ClassAlreadyProved(IProverRegistry.HostVendor vendor, bool gpu);
    error MultiProofGame_ParentNotResolved(address parent);
    error MultiProofGame_NotEnoughVendors(uint8 have, uint8 want);
    error MultiProofGame_GpuProofMissing();
    error MultiProofGame_DelayNotElapsed(uint256 readyAt);
    error MultiProofGame_NoCredit();
    /// @notice Less than the bond arrived: the token keeps a fee.
    error MultiProofGame_BondNotReceived(uint256 received, uint256 wanted);
    /// @notice Nobody's yet: the game is in progress (then `until` is the end of time), or the air gap after its
    ///         resolution has not passed, which ends at `until` (Unix seconds).
    error MultiProofGame_BondHeld(uint256 until);
    /// @notice The portal would promise a finalisation time that resolution and air gap do not keep.
    error MultiProofGame_MaturityTooShort(uint256 proofMaturityDelay, uint256 wanted);
    error MultiProofGame_ZeroRollupConfigHash();

    /// @notice Starts a bonded, unproven game, which holds its bond already. Only the factory.
    function initialize() external;

    /// @notice Starts a game with its first supporting proof. Only the factory.
    function initializeWithProof(bytes calldata signature) external;

    /// @notice Adds a proof; anyone may submit it. The signed claim is (rollupConfigHash, l1Head, previousOutputRoot,
    ///         `outputRoot`, l2BlockNumber). `outputRoot` == rootClaim supports; any other root contradicts, and so does
    ///         zero, by which a prover says that L1 up to the game's head gives no such block: the game is lost at once.
    function prove(bytes32 outputRoot, bytes calldata signature) external;

    /// @notice Pays out what of the bond belongs to `recipient`. Anyone may call. The first call after the air gap
    ///         decides whose the bond is, once:
    ///
    ///   the guardian has blacklisted the game ------------------------> the treasury, which judges
    ///   the game won, or lost only because its parent did ------------> the proposer
    ///   contradicted; the refuter is valid and no supporter is -------> half the refuter's beneficiary, half the treasury
    ///   contradicted otherwise: prover stands against prover ---------> the treasury, which judges
    ///
    ///         The treasury is the owner of the prover registry. Half, because whoever refutes himself must lose by it;
    ///         the key's beneficiary, because the caller may have copied the refutation from the public pool; after the
    ///         air gap, so that a prover that is revoked for lying does not live on the bonds of honest proposers.
    function claimCredit(address recipient) external;

    /// @notice Of the bond token, what `claimCredit` would pay once the bond is decided.
    function credit(address recipient) external view returns (uint256);

    /// @notice The key whose claim contradicted the game; zero without one.
    function refuter() external view returns (address);

    function contradicted() external view returns (bool);

    /// @notice Whether the game rests on a bond instead of an initial proof.
    function bonded() external view returns (bool);

    /// @notice Who supports the game; once it is won, those of them who were valid then.
    function supporters() external view returns (Supporter[] memory);

    function proofStatus() external view returns (Standing memory);

    /// @notice Whether provers that are valid now support the game beyond what it needs: more host vendors than the policy's
    ///         minimum, or provers with a GPU of that many. While there are only two vendors, the second is the one way. It
    ///         is the weaker one: a GPU's evidence is a third maker's signature that a forger of both CPUs has to have, but
    ///         no third root, for a forged CPU can hold a real GPU.
    function exceedsThreshold() external view returns (bool);

    /// @notice The output root that the claim starts from.
    function previousOutputRoot() external view returns (bytes32);

    /// @notice The L2 block number of `previousOutputRoot`.
    function previousBlockNumber() external view returns (uint256);

    /// @notice The game that the claim builds on; zero = the anchor state at creation.
    function parentGame() external view returns (IDisputeGame);

    function rollupConfigHash() external view returns (bytes32);

    function proverRegistry() external view returns (IProverRegistry);

    function proofPolicy() external view returns (IProofPolicy);

    /// @notice What pays the supporters of a game that is won.
    function proverRewards() external view returns (IProverRewards);

    function disputeGameFactory() external view returns (IDisputeGameFactory);

    /// @notice What `DisputeGameFactory.create` takes from its caller, and how much of it.
    function bond() external view returns (IERC20 token, uint256 amount);

    /// @notice Unix seconds from which bonded proposals are open, unless a prover proposes before.
    function fallbackOpensAt() external view returns (uint256);
}
