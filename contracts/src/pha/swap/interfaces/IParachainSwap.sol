// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ISystemConfig} from "../../../settlement/interfaces/ISystemConfig.sol";
import {IProverRegistry} from "../../../tee/interfaces/IProverRegistry.sol";
import {Release} from "../Release.sol";
import {Runtime} from "../SwapSettings.sol";

/// @notice What a swap is for ever.
/// @param token PHA. A token that takes a fee on transfers is refused when it does.
/// @param registry Tells whose signatures count.
/// @param systemConfig Names the guardian.
/// @param governance Names further runtimes, and can do nothing else here: the timelock.
/// @param minHostVendors Distinct host vendors that a release needs; at least two.
/// @param genesisHash The parachain.
/// @param firstHeight First parachain block whose deposits are released here.
/// @param lastHeight The last: no snapshot of a sunset may be older, or a later deposit would be owed twice.
/// @param minimum Planck; less is not released by itself.
/// @param finalityAnchor What proofs of finality start from; zero where provers take it from their own nodes.
/// @param runtimes Of the parachain that are known now, by ascending version.
/// @param perDay Most that leaves in a day, in wei.
/// @param closesAt Unix seconds from which on what is left may leave.
/// @param leftoverTo Where it goes.
struct SwapTerms {
    IERC20 token;
    IProverRegistry registry;
    ISystemConfig systemConfig;
    address governance;
    uint8 minHostVendors;
    bytes32 genesisHash;
    uint64 firstHeight;
    uint64 lastHeight;
    uint128 minimum;
    bytes32 finalityAnchor;
    Runtime[] runtimes;
    uint128 perDay;
    uint64 closesAt;
    address leftoverTo;
}

/// @title IParachainSwap
/// @notice Pays PHA for what was deposited on the parachain while it lives: 1 planck is 10^6 wei. Anyone may fund it, and
///         anyone may submit a release; nobody can make one but provers of several host vendors. It has no owner and cannot
///         be changed. The guardian may pause it a few times, each time for a while.
///
///         Settings. What a deposit is, is fixed for ever, but for the parachain's runtimes: after an upgrade that nobody
///         named, its events cannot be read, and deposits in them would be lost. So governance may name further
///         runtimes. No settings that were ever named are taken back, and a deposit is paid once whatever it was judged by.
///
///         Replay. A deposit is one event of one parachain: (genesisHash, height, eventIndex). What was paid of it is kept
///         for ever, so no order of releases and no other signatures pay it twice; provers keep no counter. Nothing flows
///         the other way, from here to the parachain.
///
///         Limit. No more than `perDay` is available at once, and what was taken comes back evenly over a day. A release
///         larger than what is available is paid in parts, each at least a quarter of `perDay` or all that is left of it;
///         each part needs the signatures anew, so that keys that no longer count stop one that is under way.
interface IParachainSwap {
    /// @notice `amount` wei of a deposit were paid; `left` wei of it are still owed.
    event Released(
        bytes32 indexed depositId,
        bytes32 indexed sender,
        address indexed receiver,
        uint256 planck,
        uint256 amount,
        uint256 left
    );
    /// @notice Releases are taken from now on that were judged by these runtimes.
    event RuntimesNamed(bytes32 indexed settingsHash, Runtime[] runtimes);
    /// @notice `key` signed both releases, of one event by the same settings.
    event Equivocation(address indexed key, bytes32 release, bytes32 other);
    event Paused(uint256 until, uint256 pausesLeft);
    event Unpaused();
    /// @notice What was left went to `leftoverTo`.
    event Swept(address indexed to, uint256 amount);

    error ParachainSwap_ZeroAddress();
    /// @notice No contract stands at the token's address.
    error ParachainSwap_TokenHasNoCode(address token);
    /// @notice Below two, or above the number of vendors that exist.
    error ParachainSwap_InvalidHostVendors(uint8 minHostVendors);
    /// @notice A zero hash of the parachain's genesis.
    error ParachainSwap_ZeroHash();
    /// @notice None, one without metadata, or versions that do not ascend: one could be read in two ways.
    error ParachainSwap_InvalidRuntimes();
    /// @notice These runtimes are named.
    error ParachainSwap_AlreadyNamed(bytes32 settingsHash);
    /// @notice Not 0 < firstHeight <= lastHeight.
    error ParachainSwap_InvalidHeights(uint64 firstHeight, uint64 lastHeight);
    error ParachainSwap_ZeroLimit();
    /// @notice Fewer than LEAST_OPEN_PERIOD seconds from now.
    error ParachainSwap_ClosesTooSoon(uint256 closesAt, uint256 least);

    /// @notice The guardian paused releases until then.
    error ParachainSwap_Paused(uint256 until);
    /// @notice A deposit on another chain.
    error ParachainSwap_OtherGenesis(bytes32 wanted, bytes32 found);
    /// @notice Before the swap began, or after its last block.
    error ParachainSwap_HeightOutOfRange(uint64 firstHeight, uint64 lastHeight, uint64 found);
    /// @notice Nobody, this contract or the token: what is paid there is lost.
    error ParachainSwap_InvalidReceiver(address receiver);
    /// @notice Nothing, or more than a parachain can hold.
    error ParachainSwap_InvalidAmount(uint256 planck);
    /// @notice All of the deposit was paid.
    error ParachainSwap_AlreadyReleased(bytes32 depositId);
    /// @notice A part of the deposit was paid by a release that says something else of it.
    error ParachainSwap_OtherRelease(bytes32 depositId);
    /// @notice Judged by other rules, or by runtimes that nobody named.
    error ParachainSwap_UnknownSettings(bytes32 settingsHash);
    /// @notice Signature `index` is not 65 bytes, malleable (high s), or of no key.
    error ParachainSwap_InvalidSignature(uint256 index);
    /// @notice The signer is no prover, or its signatures no longer count.
    error ParachainSwap_KeyDoesNotCount(address key);
    /// @notice The signers are of fewer host vendors than it takes.
    error ParachainSwap_TooFewVendors(uint256 wanted, uint256 found);
    /// @notice The limit leaves `available` wei now, and the least part of this release is `wanted`; that much is available
    ///         at `opensAt` if nothing else is released until then.
    error ParachainSwap_AboveLimit(uint256 wanted, uint256 available, uint256 opensAt);
    /// @notice Nobody has funded this much yet: try again later.
    error ParachainSwap_Underfunded(uint256 wanted, uint256 found);
    /// @notice The token delivered another amount.
    error ParachainSwap_NotReceived(uint256 wanted, uint256 found);

    /// @notice Not two releases of one event by one key that tell it differently.
    error ParachainSwap_NoEquivocation();
    /// @notice Without an anchor of finality a key signs whatever block it is shown, honestly.
    error ParachainSwap_NoAnchor();
    error ParachainSwap_Unauthorized(address caller);
    error ParachainSwap_NotPaused();
    /// @notice Between two pauses PAUSE_COOLDOWN must pass.
    error ParachainSwap_PauseCoolingDown(uint256 allowedAt);
    error ParachainSwap_NoPauseLeft();
    error ParachainSwap_NotClosed(uint256 closesAt);

    /// @notice Pays a deposit, or the part of it that the limit leaves. Anyone may.
    /// @param settingsHash What it was judged by, by all who signed.
    /// @param signatures 65 bytes each over `digest`, of provers whose keys count now, of at least `minHostVendors` distinct
    ///        host vendors; every one must count.
    /// @return amount Wei that were paid.
    function release(Release calldata deposit, bytes32 settingsHash, bytes[] calldata signatures)
        external
        returns (uint256 amount);

    /// @notice Accepts, for ever, what is judged by these runtimes and the swap's rules. Governance. Runtimes that were
    ///         named before belong into the list again: a refused deposit may be repaired in a block of a later runtime.
    /// @param runtimes By ascending version.
    function nameRuntimes(Runtime[] calldata runtimes) external;

    /// @notice Has the prover registry punish a key that told one event in two ways, by the same settings. Anyone may; the
    ///         registry rewards the caller (`IProverRegistry.convict`), if governance has made this contract a court.
    function reportEquivocation(
        Release calldata deposit,
        bytes calldata signature,
        Release calldata other,
        bytes calldata otherSignature,
        bytes32 settingsHash
    ) external;

    /// @notice Stops releases for PAUSE_PERIOD. The guardian, at most MAX_PAUSES times.
    function pause() external;

    /// @notice Ends a pause early. The guardian.
    function unpause() external;

    /// @notice Sends all that is left to `leftoverTo`, from `closesAt` on while nothing is paused. Anyone may.
    function sweep() external;

    /// @notice The EIP-712 digest that a prover signs who judges by these settings.
    function digest(Release calldata deposit, bytes32 settingsHash) external view returns (bytes32);

    /// @notice Whether what was judged by these settings counts: `swapSettingsHash` of protocol/swap-release.ts.
    function accepts(bytes32 settingsHash) external view returns (bool);

    /// @notice What a deposit is known by.
    function depositId(uint64 height, uint32 eventIndex) external view returns (bytes32);

    /// @notice Wei that were paid of a deposit.
    function paidOf(bytes32 depositId) external view returns (uint256);

    /// @notice Wei that the limit leaves at this moment.
    function available() external view returns (uint256);

    /// @notice Wei that were ever paid.
    function totalReleased() external view returns (uint256);

    function paused() external view returns (bool);

    /// @notice Unix seconds at which the current or last pause ends by itself.
    function pausedUntil() external view returns (uint256);

    /// @notice Pauses that the guardian has left, for ever.
    function pausesLeft() external view returns (uint256);

    function token() external view returns (IERC20);
    function registry() external view returns (IProverRegistry);
    function systemConfig() external view returns (ISystemConfig);
    function governance() external view returns (address);
    function minHostVendors() external view returns (uint8);
    function genesisHash() external view returns (bytes32);
    function firstHeight() external view returns (uint64);
    function lastHeight() external view returns (uint64);
    function minimum() external view returns (uint128);
    function finalityAnchor() external view returns (bytes32);

    /// @notice All that settings are but for the runtimes: `swapRulesHash` of protocol/swap-release.ts.
    function rulesHash() external view returns (bytes32);
    function perDay() external view returns (uint128);
    function closesAt() external view returns (uint64);
    function leftoverTo() external view returns (address);
}
