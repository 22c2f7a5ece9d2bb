// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICrossDomainMessenger} from "../../bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../bridging/interfaces/IL1StandardBridge.sol";
import {AccountEvidence} from "./AccountEvidence.sol";
import {ClaimMessage, ClaimOrigin} from "./ClaimMessage.sol";
import {
    ClaimForm,
    ClaimRole,
    ClaimTerms,
    Entitlement,
    ISunsetClaims,
    KeySignature,
    Order,
    Owners,
    ProxyLink
} from "./interfaces/ISunsetClaims.sol";
import {ISunsetRegistry} from "./interfaces/ISunsetRegistry.sol";
import {ISunsetStaker} from "./interfaces/ISunsetStaker.sol";

/// @title SunsetClaims
/// @notice See `ISunsetClaims`. Not upgradeable, without an owner.
contract SunsetClaims is AccountEvidence, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @notice PHA has 12 decimals on the parachain and 18 here.
    uint256 public constant WEI_PER_PLANCK = 1e6;

    /// @notice What a parachain's balance can hold: u128.
    uint256 public constant MAX_PLANCK = type(uint128).max;

    /// @notice Holders' time at least, from deployment and from the sunset's finality; and what provers have beyond
    ///         `closesAt`, or beyond the last void, to reach finality at all: three freezes, each with a proposal and a
    ///         wait of at most 30 days, hold it up for 180 days.
    uint256 public constant LEAST_OPEN_PERIOD = 730 days;

    /// @notice 9999-12-31 23:59:59 UTC: the last time that the message's date can tell.
    uint64 public constant MAX_DEADLINE = 253_402_300_799;

    /// @notice Gas that the L2 bridge needs to mint; the messenger adds its own overhead.
    uint32 public constant MINT_GAS = 200_000;

    /// @notice Gas that the staker needs on L2, its reserve for the vault included.
    uint32 public constant STAKE_GAS = 1_200_000;

    uint8 private constant BALANCE_LEAF = 0;
    uint8 private constant PROXY_LEAF = 1;
    uint8 private constant RECEIVER_LEAF = 2;

    /// @inheritdoc ISunsetClaims
    ISunsetRegistry public immutable sunset;
    /// @inheritdoc ISunsetClaims
    IERC20 public immutable token;
    /// @inheritdoc ISunsetClaims
    IL1StandardBridge public immutable bridge;
    /// @inheritdoc ISunsetClaims
    ICrossDomainMessenger public immutable messenger;
    /// @inheritdoc ISunsetClaims
    address public immutable l2Token;
    /// @inheritdoc ISunsetClaims
    address public immutable l2Staker;
    /// @inheritdoc ISunsetClaims
    bytes32 public immutable genesisHash;
    /// @inheritdoc ISunsetClaims
    uint64 public immutable height;
    /// @inheritdoc ISunsetClaims
    uint32 public immutable secondsPerBlock;
    /// @inheritdoc ISunsetClaims
    uint64 public immutable closesAt;
    /// @inheritdoc ISunsetClaims
    address public immutable leftoverTo;

    /// @inheritdoc ISunsetClaims
    mapping(bytes32 account => bool) public isClaimed;
    /// @inheritdoc ISunsetClaims
    mapping(bytes32 account => mapping(bytes32 delegate => bool)) public isVetoed;
    /// @inheritdoc ISunsetClaims
    uint256 public totalReleased;

    /// @dev By `_announcementOf`: Unix seconds from which on it can be executed.
    mapping(bytes32 announcement => uint256) private _opensAt;

    constructor(ClaimTerms memory terms) AccountEvidence(terms.signatures) {
        _requireComplete(terms);
        sunset = terms.sunset;
        token = terms.token;
        bridge = terms.bridge;
        messenger = terms.messenger;
        l2Token = terms.l2Token;
        l2Staker = terms.l2Staker;
        genesisHash = terms.sunset.genesisHash();
        height = terms.sunset.height();
        secondsPerBlock = terms.secondsPerBlock;
        closesAt = terms.closesAt;
        leftoverTo = terms.leftoverTo;
    }

    /// @inheritdoc ISunsetClaims
    function fund(uint256 amount) external nonReentrant {
        uint256 before = unclaimed();
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = unclaimed() - before;
        require(received == amount, SunsetClaims_NotReceived(amount, received));
        emit Funded(msg.sender, amount);
    }

    /// @inheritdoc ISunsetClaims
    function claim(Entitlement calldata entitlement, Order calldata order, KeySignature calldata ownership)
        external
        nonReentrant
    {
        _requireEntitled(entitlement);
        bytes32 found = _signer(ownership, _orderText(entitlement, order, ClaimRole.OWNER), 0);
        require(found == entitlement.account, SunsetClaims_OtherAccount(entitlement.account, found));
        _pay(entitlement.account, entitlement.planck, order.receiver, order.form);
    }

    /// @inheritdoc ISunsetClaims
    function claimMultisig(Entitlement calldata entitlement, Order calldata order, Owners calldata owners)
        external
        nonReentrant
    {
        _requireEntitled(entitlement);
        _requireOwned(entitlement.account, owners, _orderText(entitlement, order, ClaimRole.SIGNATORY));
        _pay(entitlement.account, entitlement.planck, order.receiver, order.form);
    }

    /// @inheritdoc ISunsetClaims
    function claimByProxy(
        Entitlement calldata entitlement,
        Order calldata order,
        ProxyLink calldata link,
        Owners calldata owners
    ) external nonReentrant {
        require(link.delay == 0, SunsetClaims_DelayedProxy(link.delay));
        _requireProxied(entitlement, order, link, owners);
        _pay(entitlement.account, entitlement.planck, order.receiver, order.form);
    }

    /// @inheritdoc ISunsetClaims
    function announceByProxy(
        Entitlement calldata entitlement,
        Order calldata order,
        ProxyLink calldata link,
        Owners calldata owners
    ) external {
        _requireProxied(entitlement, order, link, owners);
        _requirePayable(entitlement.account, entitlement.planck, order.receiver, order.form);
        bytes32 announcement = _announcementOf(entitlement.account, entitlement.planck, order, link.delegate);
        // The same words sent again, by anyone, must not begin the delay anew.
        uint256 opensAt = _opensAt[announcement];
        require(opensAt == 0, SunsetClaims_AlreadyAnnounced(opensAt));
        opensAt = block.timestamp + uint256(link.delay) * secondsPerBlock;
        _opensAt[announcement] = opensAt;
        emit Announced(entitlement.account, link.delegate, order.receiver, order.form, opensAt);
    }

    /// @inheritdoc ISunsetClaims
    /// @dev Leaves and signatures were checked when it was announced, and the root is final.
    function claimAnnounced(bytes32 account, uint256 planck, Order calldata order, bytes32 delegate)
        external
        nonReentrant
    {
        uint256 opensAt = _opensAt[_announcementOf(account, planck, order, delegate)];
        require(opensAt != 0, SunsetClaims_NotAnnounced());
        require(block.timestamp >= opensAt, SunsetClaims_TooEarly(opensAt));
        require(!isVetoed[account][delegate], SunsetClaims_Vetoed(account, delegate));
        _pay(account, planck, order.receiver, order.form);
    }

    /// @inheritdoc ISunsetClaims
    function veto(bytes32 account, bytes32 delegate, uint64 deadline, Owners calldata owners) external {
        _requireInTime(deadline);
        require(!isVetoed[account][delegate], SunsetClaims_Vetoed(account, delegate));
        _requireOwned(account, owners, ClaimMessage.veto(_origin(), account, delegate, deadline));
        isVetoed[account][delegate] = true;
        emit Vetoed(account, delegate);
    }

    /// @inheritdoc ISunsetClaims
    function claimRegistered(
        Entitlement calldata entitlement,
        address receiver,
        ClaimForm form,
        bytes32[] calldata registration
    ) external nonReentrant {
        _requireEntitled(entitlement);
        _requireLeaf(
            RECEIVER_LEAF, entitlement.account, bytes32(uint256(uint160(receiver))), uint256(form), registration
        );
        _pay(entitlement.account, entitlement.planck, receiver, form);
    }

    /// @inheritdoc ISunsetClaims
    function sweep() external nonReentrant {
        uint256 opensAt = sweepsAt();
        require(block.timestamp >= opensAt, SunsetClaims_NotClosed(opensAt));
        uint256 amount = unclaimed();
        emit Swept(leftoverTo, amount);
        token.safeTransfer(leftoverTo, amount);
    }

    /// @inheritdoc ISunsetClaims
    function message(bytes32 account, uint256 planck, Order calldata order, ClaimRole role)
        external
        view
        returns (bytes memory)
    {
        return ClaimMessage.claim(_origin(), account, planck, order, role);
    }

    /// @inheritdoc ISunsetClaims
    function vetoMessage(bytes32 account, bytes32 delegate, uint64 deadline) external view returns (bytes memory) {
        return ClaimMessage.veto(_origin(), account, delegate, deadline);
    }

    /// @inheritdoc ISunsetClaims
    function announcedFor(bytes32 account, uint256 planck, Order calldata order, bytes32 delegate)
        external
        view
        returns (uint256)
    {
        return _opensAt[_announcementOf(account, planck, order, delegate)];
    }

    /// @inheritdoc ISunsetClaims
    function unclaimed() public view returns (uint256) {
        return token.balanceOf(address(this));
    }

    /// @inheritdoc ISunsetClaims
    function sweepsAt() public view returns (uint256) {
        if (sunset.status() == ISunsetRegistry.Status.FINAL) {
            return Math.max(closesAt, sunset.finalizedAt() + LEAST_OPEN_PERIOD);
        }
        // A proposal may be made final at any time, and then its holders have their years. One that nobody has made final
        // in as many years, since it may be or since claims were to end, is none: it must not hold the rest for ever.
        uint256 undecidedSince = Math.max(sunset.reopensAt(), sunset.finalAt());
        return Math.max(closesAt, undecidedSince) + LEAST_OPEN_PERIOD;
    }

    /// @dev Pays once per account, all or nothing. What is owed exactly must arrive.
    function _pay(bytes32 account, uint256 planck, address receiver, ClaimForm form) private {
        _requirePayable(account, planck, receiver, form);
        uint256 amount = planck * WEI_PER_PLANCK;
        uint256 held = unclaimed();
        require(held >= amount, SunsetClaims_Underfunded(amount, held));
        isClaimed[account] = true;
        totalReleased += amount;
        emit Claimed(account, receiver, form, planck, amount);

        address payee = form == ClaimForm.TO_L1 ? receiver : address(bridge);
        uint256 before = token.balanceOf(payee);
        if (form == ClaimForm.TO_L1) token.safeTransfer(receiver, amount);
        else _bridge(amount, receiver, form);
        uint256 received = token.balanceOf(payee) - before;
        require(received == amount, SunsetClaims_NotReceived(amount, received));
    }

    /// @dev The staker gets tokens and message in whichever order: it reckons with both.
    function _bridge(uint256 amount, address receiver, ClaimForm form) private {
        bool staked = form == ClaimForm.TO_STAKE;
        token.forceApprove(address(bridge), amount);
        bridge.bridgeERC20To(address(token), l2Token, staked ? l2Staker : receiver, amount, MINT_GAS, "");
        if (!staked) return;
        messenger.sendMessage(l2Staker, abi.encodeCall(ISunsetStaker.stakeFor, (receiver, amount)), STAKE_GAS);
    }

    function _requirePayable(bytes32 account, uint256 planck, address receiver, ClaimForm form) private view {
        require(!isClaimed[account], SunsetClaims_AlreadyClaimed(account));
        require(planck != 0 && planck <= MAX_PLANCK, SunsetClaims_InvalidAmount(planck));
        bool lost = form == ClaimForm.TO_L1
            ? receiver == address(this) || receiver == address(token)
            : receiver == l2Staker || receiver == l2Token;
        require(!lost && receiver != address(0), SunsetClaims_InvalidReceiver(receiver));
    }

    function _requireProxied(
        Entitlement calldata entitlement,
        Order calldata order,
        ProxyLink calldata link,
        Owners calldata owners
    ) private view {
        bytes32 account = entitlement.account;
        _requireEntitled(entitlement);
        _requireLeaf(PROXY_LEAF, account, link.delegate, link.delay, link.proof);
        require(!isVetoed[account][link.delegate], SunsetClaims_Vetoed(account, link.delegate));
        _requireOwned(link.delegate, owners, _orderText(entitlement, order, ClaimRole.PROXY));
    }

    /// @dev What is cheap to refuse is refused before signatures are verified.
    function _requireEntitled(Entitlement calldata entitlement) private view {
        require(!isClaimed[entitlement.account], SunsetClaims_AlreadyClaimed(entitlement.account));
        _requireLeaf(BALANCE_LEAF, entitlement.account, 0, entitlement.planck, entitlement.proof);
    }

    /// @dev Hashed twice, so that no inner node of the tree, which is a hash of two words, is a leaf; the kind is hashed
    ///      with it, so that no leaf is one of another kind. Same as OpenZeppelin's StandardMerkleTree.
    function _requireLeaf(uint8 kind, bytes32 account, bytes32 subject, uint256 value, bytes32[] calldata proof)
        private
        view
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(kind, account, subject, value))));
        require(
            MerkleProof.verifyCalldata(proof, sunset.finalClaimsRoot(), leaf), SunsetClaims_NotInTree(kind, account)
        );
    }

    function _requireInTime(uint64 deadline) private view {
        require(block.timestamp <= deadline, SunsetClaims_Expired(deadline));
        require(deadline <= MAX_DEADLINE, SunsetClaims_DeadlineTooFar(deadline));
    }

    function _orderText(Entitlement calldata entitlement, Order calldata order, ClaimRole role)
        private
        view
        returns (bytes memory)
    {
        _requireInTime(order.deadline);
        return ClaimMessage.claim(_origin(), entitlement.account, entitlement.planck, order, role);
    }

    function _origin() private view returns (ClaimOrigin memory) {
        return ClaimOrigin({genesisHash: genesisHash, height: height});
    }

    function _announcementOf(bytes32 account, uint256 planck, Order calldata order, bytes32 delegate)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(account, planck, order, delegate));
    }

    function _requireComplete(ClaimTerms memory terms) private view {
        require(
            terms.l2Token != address(0) && terms.l2Staker != address(0) && terms.leftoverTo != address(0)
                && terms.leftoverTo != address(this) && address(terms.messenger) != address(0),
            SunsetClaims_ZeroAddress()
        );
        address[3] memory needed = [address(terms.sunset), address(terms.token), address(terms.bridge)];
        for (uint256 i = 0; i < needed.length; ++i) {
            require(needed[i].code.length != 0, SunsetClaims_NoCode(needed[i]));
        }
        require(terms.secondsPerBlock != 0, SunsetClaims_ZeroBlockTime());
        uint256 least = block.timestamp + LEAST_OPEN_PERIOD;
        require(terms.closesAt >= least, SunsetClaims_ClosesTooSoon(terms.closesAt, least));
    }
}
