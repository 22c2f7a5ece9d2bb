// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ISystemConfig} from "../../settlement/interfaces/ISystemConfig.sol";
import {HostVendors} from "../../tee/HostVendors.sol";
import {IProverRegistry} from "../../tee/interfaces/IProverRegistry.sol";
import {Release, ReleaseLib} from "./Release.sol";
import {Runtime, SwapSettings} from "./SwapSettings.sol";
import {IParachainSwap, SwapTerms} from "./interfaces/IParachainSwap.sol";

/// @title ParachainSwap
/// @notice See `IParachainSwap`. Not upgradeable; governance can add to what it reads, and change nothing else.
contract ParachainSwap is IParachainSwap, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using ReleaseLib for Release;
    using HostVendors for uint256;

    /// @notice PHA has 12 decimals on the parachain and 18 here.
    uint256 public constant WEI_PER_PLANCK = 1e6;

    /// @notice What a parachain's balance can hold: u128.
    uint256 public constant MAX_PLANCK = type(uint128).max;

    /// @notice A part of a release is at least the limit divided by this, or all that is left of it: so the largest gets its
    ///         turn, and no release is worn down to crumbs.
    uint256 public constant PARTS_PER_DAY = 4;

    /// @notice How long a pause lasts, unless the guardian ends it.
    uint256 public constant PAUSE_PERIOD = 7 days;

    /// @notice From a pause's end until the next may begin.
    uint256 public constant PAUSE_COOLDOWN = 7 days;

    /// @notice Pauses there can ever be: six weeks altogether, and no more, lie in the guardian's hands.
    uint256 public constant MAX_PAUSES = 6;

    /// @notice From deployment to `closesAt` at least: holders' time.
    uint256 public constant LEAST_OPEN_PERIOD = 365 days;

    uint256 private constant DAY = 1 days;

    /// @inheritdoc IParachainSwap
    IERC20 public immutable token;
    /// @inheritdoc IParachainSwap
    IProverRegistry public immutable registry;
    /// @inheritdoc IParachainSwap
    ISystemConfig public immutable systemConfig;
    /// @inheritdoc IParachainSwap
    address public immutable governance;
    /// @inheritdoc IParachainSwap
    uint8 public immutable minHostVendors;
    /// @inheritdoc IParachainSwap
    bytes32 public immutable genesisHash;
    /// @inheritdoc IParachainSwap
    uint64 public immutable firstHeight;
    /// @inheritdoc IParachainSwap
    uint64 public immutable lastHeight;
    /// @inheritdoc IParachainSwap
    uint128 public immutable minimum;
    /// @inheritdoc IParachainSwap
    bytes32 public immutable finalityAnchor;
    /// @inheritdoc IParachainSwap
    bytes32 public immutable rulesHash;
    /// @inheritdoc IParachainSwap
    uint128 public immutable perDay;
    /// @inheritdoc IParachainSwap
    uint64 public immutable closesAt;
    /// @inheritdoc IParachainSwap
    address public immutable leftoverTo;

    /// @inheritdoc IParachainSwap
    mapping(bytes32 settingsHash => bool) public accepts;
    /// @inheritdoc IParachainSwap
    mapping(bytes32 depositId => uint256) public paidOf;
    /// @inheritdoc IParachainSwap
    uint256 public totalReleased;
    /// @inheritdoc IParachainSwap
    uint256 public pausedUntil;
    /// @inheritdoc IParachainSwap
    uint256 public pausesLeft = MAX_PAUSES;

    /// @dev Struct hash of a release that was paid in part; zero where one payment was all.
    mapping(bytes32 depositId => bytes32) private _contentOf;

    /// @dev What was taken of the limit and has not come back, in wei-seconds (wei times a day), so that nothing is lost to
    ///      rounding however often it is touched; as of `_takenAt`.
    uint256 private _taken;
    uint256 private _takenAt;

    modifier onlyGuardian() {
        require(msg.sender == systemConfig.guardian(), ParachainSwap_Unauthorized(msg.sender));
        _;
    }

    modifier onlyGovernance() {
        require(msg.sender == governance, ParachainSwap_Unauthorized(msg.sender));
        _;
    }

    modifier whenNotPaused() {
        require(!paused(), ParachainSwap_Paused(pausedUntil));
        _;
    }

    constructor(SwapTerms memory terms) {
        _requireSound(terms);
        token = terms.token;
        registry = terms.registry;
        systemConfig = terms.systemConfig;
        governance = terms.governance;
        minHostVendors = terms.minHostVendors;
        genesisHash = terms.genesisHash;
        firstHeight = terms.firstHeight;
        lastHeight = terms.lastHeight;
        minimum = terms.minimum;
        finalityAnchor = terms.finalityAnchor;
        perDay = terms.perDay;
        closesAt = terms.closesAt;
        leftoverTo = terms.leftoverTo;
        bytes32 rules = SwapSettings.rulesHash(
            terms.genesisHash,
            terms.firstHeight,
            terms.lastHeight,
            terms.minimum,
            address(terms.token),
            terms.finalityAnchor
        );
        rulesHash = rules;
        _name(rules, terms.runtimes);
    }

    /// @inheritdoc IParachainSwap
    function release(Release calldata deposit, bytes32 settingsHash, bytes[] calldata signatures)
        external
        nonReentrant
        whenNotPaused
        returns (uint256 amount)
    {
        _requireReleasable(deposit);
        bytes32 id = ReleaseLib.depositId(deposit.genesisHash, deposit.height, deposit.eventIndex);
        uint256 paid = paidOf[id];
        uint256 left = deposit.planck * WEI_PER_PLANCK;
        if (paid != 0) {
            bytes32 content = _contentOf[id];
            require(content != 0, ParachainSwap_AlreadyReleased(id));
            require(content == deposit.structHash(), ParachainSwap_OtherRelease(id));
            left -= paid;
            require(left != 0, ParachainSwap_AlreadyReleased(id));
        }
        _requireSigned(deposit, settingsHash, signatures);

        amount = _take(left);
        left -= amount;
        paidOf[id] = paid + amount;
        totalReleased += amount;
        if (paid == 0 && left != 0) _contentOf[id] = deposit.structHash();
        emit Released(id, deposit.sender, deposit.receiver, deposit.planck, amount, left);
        _pay(deposit.receiver, amount);
    }

    /// @inheritdoc IParachainSwap
    function nameRuntimes(Runtime[] calldata runtimes) external onlyGovernance {
        _name(rulesHash, runtimes);
    }

    /// @inheritdoc IParachainSwap
    function reportEquivocation(
        Release calldata deposit,
        bytes calldata signature,
        Release calldata other,
        bytes calldata otherSignature,
        bytes32 settingsHash
    ) external {
        require(finalityAnchor != 0, ParachainSwap_NoAnchor());
        require(accepts[settingsHash], ParachainSwap_UnknownSettings(settingsHash));
        require(deposit.genesisHash == genesisHash, ParachainSwap_OtherGenesis(genesisHash, deposit.genesisHash));
        require(deposit.contradicts(other), ParachainSwap_NoEquivocation());
        address key = _recover(deposit.digest(address(this), settingsHash), signature, 0);
        address otherKey = _recover(other.digest(address(this), settingsHash), otherSignature, 1);
        require(key == otherKey, ParachainSwap_NoEquivocation());
        emit Equivocation(key, deposit.structHash(), other.structHash());
        registry.convict(key, msg.sender);
    }

    /// @inheritdoc IParachainSwap
    function pause() external onlyGuardian whenNotPaused {
        require(pausesLeft != 0, ParachainSwap_NoPauseLeft());
        uint256 allowedAt = pausedUntil == 0 ? 0 : pausedUntil + PAUSE_COOLDOWN;
        require(block.timestamp >= allowedAt, ParachainSwap_PauseCoolingDown(allowedAt));
        pausedUntil = block.timestamp + PAUSE_PERIOD;
        pausesLeft -= 1;
        emit Paused(pausedUntil, pausesLeft);
    }

    /// @inheritdoc IParachainSwap
    function unpause() external onlyGuardian {
        require(paused(), ParachainSwap_NotPaused());
        pausedUntil = block.timestamp;
        emit Unpaused();
    }

    /// @inheritdoc IParachainSwap
    function sweep() external nonReentrant whenNotPaused {
        require(block.timestamp >= closesAt, ParachainSwap_NotClosed(closesAt));
        uint256 amount = token.balanceOf(address(this));
        emit Swept(leftoverTo, amount);
        token.safeTransfer(leftoverTo, amount);
    }

    /// @inheritdoc IParachainSwap
    function digest(Release calldata deposit, bytes32 settingsHash) external view returns (bytes32) {
        return deposit.digest(address(this), settingsHash);
    }

    /// @inheritdoc IParachainSwap
    function depositId(uint64 height, uint32 eventIndex) external view returns (bytes32) {
        return ReleaseLib.depositId(genesisHash, height, eventIndex);
    }

    /// @inheritdoc IParachainSwap
    function available() external view returns (uint256) {
        return _available(_takenNow());
    }

    /// @inheritdoc IParachainSwap
    function paused() public view returns (bool) {
        return block.timestamp < pausedUntil;
    }

    /// @dev There is no way back: settings that counted no more would freeze what was judged by them.
    function _name(bytes32 rules, Runtime[] memory runtimes) private {
        require(SwapSettings.areSound(runtimes), ParachainSwap_InvalidRuntimes());
        bytes32 settingsHash = SwapSettings.settingsHash(rules, runtimes);
        require(!accepts[settingsHash], ParachainSwap_AlreadyNamed(settingsHash));
        accepts[settingsHash] = true;
        emit RuntimesNamed(settingsHash, runtimes);
    }

    /// @dev Counts a part against the limit, and gives its size.
    function _take(uint256 left) private returns (uint256 amount) {
        uint256 taken = _takenNow();
        uint256 least = Math.min(left, Math.ceilDiv(perDay, PARTS_PER_DAY));
        uint256 room = _available(taken);
        if (room < least) {
            uint256 excess = taken + least * DAY - perDay * DAY;
            revert ParachainSwap_AboveLimit(least, room, block.timestamp + Math.ceilDiv(excess, perDay));
        }
        amount = Math.min(left, room);
        (_taken, _takenAt) = (taken + amount * DAY, block.timestamp);
    }

    function _pay(address receiver, uint256 amount) private {
        uint256 held = token.balanceOf(address(this));
        require(held >= amount, ParachainSwap_Underfunded(amount, held));
        uint256 before = token.balanceOf(receiver);
        token.safeTransfer(receiver, amount);
        uint256 received = token.balanceOf(receiver) - before;
        require(received == amount, ParachainSwap_NotReceived(amount, received));
    }

    function _requireReleasable(Release calldata deposit) private view {
        require(
            deposit.genesisHash == genesisHash, ParachainSwap_OtherGenesis(genesisHash, deposit.genesisHash)
        );
        require(
            deposit.height >= firstHeight && deposit.height <= lastHeight,
            ParachainSwap_HeightOutOfRange(firstHeight, lastHeight, deposit.height)
        );
        address receiver = deposit.receiver;
        require(
            receiver != address(0) && receiver != address(this) && receiver != address(token),
            ParachainSwap_InvalidReceiver(receiver)
        );
        require(deposit.planck != 0 && deposit.planck <= MAX_PLANCK, ParachainSwap_InvalidAmount(deposit.planck));
    }

    /// @dev One digest for all: signatures by different settings never add up.
    function _requireSigned(Release calldata deposit, bytes32 settingsHash, bytes[] calldata signatures)
        private
        view
    {
        require(accepts[settingsHash], ParachainSwap_UnknownSettings(settingsHash));
        bytes32 signed = deposit.digest(address(this), settingsHash);
        uint256 seen;
        for (uint256 i = 0; i < signatures.length; ++i) {
            address key = _recover(signed, signatures[i], i);
            require(registry.isValid(key), ParachainSwap_KeyDoesNotCount(key));
            seen = seen.with(registry, key);
        }
        uint256 vendors = seen.count();
        require(vendors >= minHostVendors, ParachainSwap_TooFewVendors(minHostVendors, vendors));
    }

    function _recover(bytes32 signed, bytes calldata signature, uint256 index) private pure returns (address) {
        (address key, ECDSA.RecoverError failure,) = ECDSA.tryRecover(signed, signature);
        require(failure == ECDSA.RecoverError.NoError, ParachainSwap_InvalidSignature(index));
        return key;
    }

    function _takenNow() private view returns (uint256) {
        uint256 back = perDay * (block.timestamp - _takenAt);
        return _taken > back ? _taken - back : 0;
    }

    function _available(uint256 taken) private view returns (uint256) {
        return (perDay * DAY - taken) / DAY;
    }

    function _requireSound(SwapTerms memory terms) private view {
        bool complete = address(terms.registry) != address(0) && address(terms.systemConfig) != address(0)
            && terms.governance != address(0) && terms.leftoverTo != address(0) && terms.leftoverTo != address(this);
        require(complete, ParachainSwap_ZeroAddress());
        require(address(terms.token).code.length != 0, ParachainSwap_TokenHasNoCode(address(terms.token)));
        uint8 vendors = terms.minHostVendors;
        require(HostVendors.canBeMet(vendors), ParachainSwap_InvalidHostVendors(vendors));
        require(terms.genesisHash != 0, ParachainSwap_ZeroHash());
        require(
            terms.firstHeight != 0 && terms.firstHeight <= terms.lastHeight,
            ParachainSwap_InvalidHeights(terms.firstHeight, terms.lastHeight)
        );
        require(terms.perDay != 0, ParachainSwap_ZeroLimit());
        uint256 least = block.timestamp + LEAST_OPEN_PERIOD;
        require(terms.closesAt >= least, ParachainSwap_ClosesTooSoon(terms.closesAt, least));
    }
}
