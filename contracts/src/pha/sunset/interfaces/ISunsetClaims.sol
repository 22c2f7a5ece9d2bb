// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICrossDomainMessenger} from "../../../bridging/interfaces/ICrossDomainMessenger.sol";
import {IL1StandardBridge} from "../../../bridging/interfaces/IL1StandardBridge.sol";
import {ISubstrateSignatures} from "../../keys/interfaces/ISubstrateSignatures.sol";
import {ISunsetRegistry} from "./ISunsetRegistry.sol";

/// @notice Where claimed PHA goes.
enum ClaimForm {
    /// To the receiver on L1.
    TO_L1,
    /// To the receiver on L2, as PHA.
    TO_L2,
    /// To the receiver on L2, staked: as vPHA.
    TO_STAKE
}

/// @notice What whoever signs a claim is to its account.
enum ClaimRole {
    OWNER,
    SIGNATORY,
    PROXY
}

/// @notice What an account is owed: a BALANCE leaf with its proof.
/// @param planck 12 decimals.
/// @param proof Siblings from the leaf to the root.
struct Entitlement {
    bytes32 account;
    uint256 planck;
    bytes32[] proof;
}

/// @notice What its owner wants done with it, in one sum.
/// @param deadline Unix seconds, the last at which the order is good.
struct Order {
    address receiver;
    ClaimForm form;
    uint64 deadline;
}

/// @notice One key's signature over a message.
/// @param wrapped Whether the wallet signed `<Bytes>` + message + `</Bytes>`, as it does with what a person signs.
struct KeySignature {
    ISubstrateSignatures.KeyKind kind;
    bool wrapped;
    bytes publicKey;
    bytes signature;
}

/// @notice An account of pallet-multisig. Its address has no other content.
/// @param signatories Ascending.
struct Multisig {
    bytes32[] signatories;
    uint16 threshold;
}

/// @notice Evidence that an account agrees to a message, bottom-up: keys that sign it, accounts whose keys signed it
///         earlier, and multisigs, each of which may count all of those and the multisigs before it. The last one is the
///         account; with no multisig the one key is.
/// @param earlier Accounts whose approval of exactly this message is on record.
struct Owners {
    KeySignature[] keys;
    bytes32[] earlier;
    Multisig[] multisigs;
}

/// @notice A PROXY leaf of the account, with its proof: `delegate` may act for it in everything.
/// @param delay Blocks of the parachain that lie between its announcement and its act.
struct ProxyLink {
    bytes32 delegate;
    uint32 delay;
    bytes32[] proof;
}

/// @notice What the claims are for ever.
/// @param sunset Tells the root of the claims. Deployed before.
/// @param signatures Verifies keys of the parachain.
/// @param token PHA on L1.
/// @param bridge L1StandardBridge.
/// @param messenger L1CrossDomainMessenger.
/// @param l2Token PHA on L2.
/// @param l2Staker SunsetStaker on L2.
/// @param secondsPerBlock Of the parachain: what a proxy's delay is counted in.
/// @param closesAt Unix seconds before which nothing unclaimed leaves.
/// @param leftoverTo Where it goes then.
struct ClaimTerms {
    ISunsetRegistry sunset;
    ISubstrateSignatures signatures;
    IERC20 token;
    IL1StandardBridge bridge;
    ICrossDomainMessenger messenger;
    address l2Token;
    address l2Staker;
    uint32 secondsPerBlock;
    uint64 closesAt;
    address leftoverTo;
}

/// @title ISunsetClaims
/// @notice Pays what the final sunset says, once per account, for its owner's signature: 1 planck is 10^6 wei of PHA.
///         Whoever submits it can change nothing. It has no owner, no pause and no key that can move funds, and cannot be
///         changed; what it holds leaves by claims only, and after years what is left goes where the constructor said.
interface ISunsetClaims {
    event Funded(address indexed by, uint256 amount);
    event Claimed(
        bytes32 indexed account, address indexed receiver, ClaimForm indexed form, uint256 planck, uint256 amount
    );
    /// @notice A delegate's claim can be executed from then on.
    event Announced(bytes32 indexed account, bytes32 indexed delegate, address receiver, ClaimForm form, uint256 opensAt);
    /// @notice The account shut this delegate out.
    event Vetoed(bytes32 indexed account, bytes32 indexed delegate);
    /// @notice The account's key signed the message.
    event Approved(bytes32 indexed account, bytes32 indexed messageHash);
    event Swept(address indexed to, uint256 amount);

    error SunsetClaims_ZeroAddress();
    /// @notice No contract stands there.
    error SunsetClaims_NoCode(address account);
    error SunsetClaims_ZeroBlockTime();
    /// @notice Fewer than LEAST_OPEN_PERIOD seconds from now.
    error SunsetClaims_ClosesTooSoon(uint256 closesAt, uint256 least);

    error SunsetClaims_AlreadyClaimed(bytes32 account);
    /// @notice Nothing, or more than a parachain can hold.
    error SunsetClaims_InvalidAmount(uint256 planck);
    /// @notice No such leaf in the final tree.
    error SunsetClaims_NotInTree(uint8 kind, bytes32 account);
    /// @notice Nobody, this contract or the token, or on L2 the staker or the token there: what is paid there is lost.
    error SunsetClaims_InvalidReceiver(address receiver);
    error SunsetClaims_Expired(uint256 deadline);
    /// @notice After the year 9999.
    error SunsetClaims_DeadlineTooFar(uint256 deadline);
    /// @notice Signature `index` is not this key's over the message.
    error SunsetClaims_InvalidSignature(uint256 index);
    /// @notice The evidence shows another account's consent.
    error SunsetClaims_OtherAccount(bytes32 wanted, bytes32 found);
    /// @notice Neither one key alone nor a multisig.
    error SunsetClaims_NoAccountShown();
    /// @notice The account has not approved this message.
    error SunsetClaims_NotApproved(bytes32 account);
    error SunsetClaims_TooFewSignatories(uint256 wanted, uint256 found);
    /// @notice A delegate with a delay must announce first.
    error SunsetClaims_DelayedProxy(uint32 delay);
    error SunsetClaims_Vetoed(bytes32 account, bytes32 delegate);
    error SunsetClaims_AlreadyAnnounced(uint256 opensAt);
    error SunsetClaims_NotAnnounced();
    error SunsetClaims_TooEarly(uint256 opensAt);
    /// @notice Nobody has funded this much yet: try again later.
    error SunsetClaims_Underfunded(uint256 wanted, uint256 found);
    /// @notice The token delivered another amount.
    error SunsetClaims_NotReceived(uint256 wanted, uint256 found);
    error SunsetClaims_NotClosed(uint256 closesAt);

    /// @notice Adds `amount` wei of the caller's PHA to what can be claimed. Anyone may; a plain transfer does the same.
    function fund(uint256 amount) external;

    /// @notice Pays an account for its own key's signature over `message` in the role OWNER. Anyone may submit it.
    function claim(Entitlement calldata entitlement, Order calldata order, KeySignature calldata ownership) external;

    /// @notice Pays a multisig account for its signatories' signatures over `message` in the role SIGNATORY. Signatories
    ///         may be multisigs themselves.
    function claimMultisig(Entitlement calldata entitlement, Order calldata order, Owners calldata owners) external;

    /// @notice Pays an account for the signature of a delegate without delay over `message` in the role PROXY. The delegate
    ///         may be a multisig, as that of a keyless ("pure") proxy account often is.
    function claimByProxy(
        Entitlement calldata entitlement,
        Order calldata order,
        ProxyLink calldata link,
        Owners calldata owners
    ) external;

    /// @notice Announces the same for a delegate with a delay. Until it has passed the account may claim itself, or veto.
    function announceByProxy(
        Entitlement calldata entitlement,
        Order calldata order,
        ProxyLink calldata link,
        Owners calldata owners
    ) external;

    /// @notice Executes what was announced, after the delay. Anyone may. The deadline was the announcement's.
    function claimAnnounced(bytes32 account, uint256 planck, Order calldata order, bytes32 delegate) external;

    /// @notice Shuts a delegate out for ever, by the account's signature over `vetoMessage`.
    function veto(bytes32 account, bytes32 delegate, uint64 deadline, Owners calldata owners) external;

    /// @notice Pays an account to the receiver that it registered on the parachain before its end: a RECEIVER leaf. Anyone
    ///         may.
    function claimRegistered(
        Entitlement calldata entitlement,
        address receiver,
        ClaimForm form,
        bytes32[] calldata registration
    ) external;

    /// @notice Puts on record that keys signed a message, for multisigs whose signatures do not fit into one transaction.
    /// @param message_ What `message` or `vetoMessage` gives.
    function approve(bytes calldata message_, KeySignature[] calldata keys) external;

    /// @notice Sends all that is left to `leftoverTo`, from `sweepsAt` on. Anyone may.
    function sweep() external;

    /// @notice The text that is signed for a claim, in ASCII (bridge/sunset/message.ts has the same).
    function message(bytes32 account, uint256 planck, Order calldata order, ClaimRole role)
        external
        view
        returns (bytes memory);

    /// @notice The text that is signed for a veto.
    function vetoMessage(bytes32 account, bytes32 delegate, uint64 deadline) external view returns (bytes memory);

    function isClaimed(bytes32 account) external view returns (bool);

    function isVetoed(bytes32 account, bytes32 delegate) external view returns (bool);

    /// @notice Whether the account's key has signed the message of this keccak256.
    function isApproved(bytes32 messageHash, bytes32 account) external view returns (bool);

    /// @notice Unix seconds from which on an announced claim can be executed; zero = not announced.
    function announcedFor(bytes32 account, uint256 planck, Order calldata order, bytes32 delegate)
        external
        view
        returns (uint256);

    /// @notice Wei that were ever paid: what was claimed in planck times 10^6.
    function totalReleased() external view returns (uint256);

    /// @notice Wei that can still be claimed now.
    function unclaimed() external view returns (uint256);

    /// @notice Unix seconds from which on what is left may leave: `closesAt`, and not before holders had
    ///         LEAST_OPEN_PERIOD since the sunset became final. Where none became final, LEAST_OPEN_PERIOD after `closesAt`,
    ///         after the last void's `reopensAt`, and after the time from which the standing proposal could be made final.
    function sweepsAt() external view returns (uint256);

    function sunset() external view returns (ISunsetRegistry);
    function signatures() external view returns (ISubstrateSignatures);
    function token() external view returns (IERC20);
    function bridge() external view returns (IL1StandardBridge);
    function messenger() external view returns (ICrossDomainMessenger);
    function l2Token() external view returns (address);
    function l2Staker() external view returns (address);
    function genesisHash() external view returns (bytes32);
    function height() external view returns (uint64);
    function secondsPerBlock() external view returns (uint32);
    function closesAt() external view returns (uint64);
    function leftoverTo() external view returns (address);
}
