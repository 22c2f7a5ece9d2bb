import { BY_CONTRACT, CONSTRUCTOR, GOVERNED, OPERATORS, says, unmet, type Words } from "./saying.ts";

const NO_VERB = unmet("no verb calls mint, withdraw or redeem");

/** Of vPHA, its rewards, and the collateral of those who provide computing power. */
export const stakingWords: Words = {
  VotingPha_ZeroAmount: says(
    "The amount is nothing, or so little that rounding leaves nothing.",
    "Give more; --amount 1PHA is one PHA, a bare number is wei.",
  ),
  VotingPha_ZeroAddress: says(
    "Nobody would receive it.",
    "Give --to, or leave it out: it is the account itself then.",
  ),
  VotingPha_TokenHasNoCode: CONSTRUCTOR,
  VotingPha_NotReceived: says(
    "The vault got {received:wei} instead of {wanted:wei} PHA.",
    "The token keeps a part for itself, which PHA does not: is --vault that of the right deployment?",
  ),
  VotingPha_NotAHolder: says("Sent to {account}, vPHA would be lost.", "Give another receiver (--to)."),
  VotingPha_UnlockFirst: says(
    "Staked PHA cannot be redeemed at once.",
    "'l2 stake unlock' asks for it back; 'l2 stake claim' pays it when the unlock period has passed.",
  ),
  VotingPha_TooManyUnlocks: says(
    "{owner} has {most} open requests, and that is the most.",
    "Claim those that have matured ('l2 stake status' lists them), or cancel one.",
  ),
  VotingPha_NoSuchUnlock: says(
    "There is no open request {id}: it was never made, is paid already, or was cancelled.",
    "'l2 stake status' lists the open requests; a paid one's PHA is in its receiver's wallet on L2.",
  ),
  VotingPha_StillLocked: says(
    "Request {id} can be claimed from {unlockAt:time}.",
    "Run 'l2 stake claim' then; anybody may. It is not final before it is paid: 'l2 stake cancel' stakes it again at any time until then.",
  ),
  VotingPha_NotTheOwner: says(
    "Request {id} is another account's, and only its owner can cancel it, not {caller}.",
    "Use the account that made it (--account); 'l2 stake status --to OWNER' lists its requests.",
  ),
  VotingPha_UnlockPeriodOutOfBounds: GOVERNED,
  VotingPha_NotThePledges: BY_CONTRACT,
  VotingPha_NotPledged: BY_CONTRACT,
  ERC4626ExceededMaxDeposit: says(
    "The vault takes {max:wei} PHA for {receiver}, not {assets:wei}.",
    "The vault and its contracts hold no vPHA: give another receiver (--to).",
  ),
  ERC4626ExceededMaxMint: NO_VERB,
  ERC4626ExceededMaxWithdraw: NO_VERB,
  ERC4626ExceededMaxRedeem: NO_VERB,
  ERC5805FutureLookup: says(
    "Votes of {timepoint:time} are not known yet; L2's clock is at {clock:time}.",
    "Wait until that time has passed, and try again.",
  ),
  VotesExpiredSignature: says(
    "The signed delegation was good until {expiry:time}.",
    "Have it signed again ('l2 governance sign-delegation') with a later --expiry.",
  ),

  RewardDistributor_NotTheTaker: BY_CONTRACT,
  RewardDistributor_NothingGiven: says("Nothing is given.", "Give more (--amount)."),
  RewardDistributor_RateTooHigh: GOVERNED,
  RewardDistributor_SplitIsNotWhole: GOVERNED,
  RewardDistributor_ZeroAddress: CONSTRUCTOR,
  RewardDistributor_TokenHasNoCode: CONSTRUCTOR,

  ProverRewards_GameNotValid: OPERATORS,
  ProverRewards_GameStands: OPERATORS,
  ProverRewards_NothingOwed: OPERATORS,
  ProverRewards_NothingReserved: OPERATORS,
  ProverRewards_RateTooHigh: GOVERNED,
  ProverRewards_TokenHasNoCode: CONSTRUCTOR,

  ProviderPledges_ZeroAddress: says("Nobody would receive it.", "Give a receiver."),
  ProviderPledges_ZeroAmount: says(
    "The amount is nothing.",
    "Give more; a bare number is least units of vPHA (24 decimals).",
  ),
  ProviderPledges_NotTheAdmitter: says(
    "{caller} does not admit providers.",
    "Use the admitter's account: governance names it.",
  ),
  ProviderPledges_NotTheProvider: says(
    "Pledge {id} is another account's than {caller}.",
    "Use the account that made the pledge (--account).",
  ),
  ProviderPledges_NoSuchPledge: says(
    "There is no pledge {id}.",
    "'l2 provider status' lists an account's pledges.",
  ),
  ProviderPledges_ClassClosed: says(
    "The class {class} takes no pledges.",
    "Take one that governance has opened.",
  ),
  ProviderPledges_CollateralTooLow: says(
    "{shares:votes} vPHA are pledged, and this class takes {wanted:votes}.",
    "Pledge more; it stays yours, votes on, and earns.",
  ),
  ProviderPledges_CollateralOutOfBounds: GOVERNED,
  ProviderPledges_WeightTooHigh: GOVERNED,
  ProviderPledges_NotBonded: says(
    "Pledge {id} is not bonded.",
    "It is on its way back, released, or slashed: look at its state.",
  ),
  ProviderPledges_NotUnbonding: says(
    "Pledge {id} is not on its way back.",
    "Withdraw it first ('l2 provider withdraw').",
  ),
  ProviderPledges_StillUnbonding: says(
    "Pledge {id} can be released from {releasableAt:time}.",
    "Release it then; anyone may.",
  ),
  ProviderPledges_NothingHeld: says(
    "Nothing is held of pledge {id}: it was released, or slashed to nothing.",
    "Nothing is left to do.",
  ),
  ProviderPledges_NotAdmitted: says(
    "Pledge {id} is not admitted.",
    "The admitter admits it with its device's evidence.",
  ),
  ProviderPledges_AlreadyAdmitted: says(
    "Pledge {id} is admitted already, for device {device}.",
    "Dismiss it first if the device changes.",
  ),
  ProviderPledges_ZeroDevice: says(
    "A device of zero is none.",
    "Give the device's identity from its evidence.",
  ),
  ProviderPledges_DeviceTaken: says(
    "Device {device} counts for pledge {id} already.",
    "A device counts once: dismiss the other pledge first, if that is wrong.",
  ),
  ProviderPledges_AlreadySlashed: GOVERNED,
  ProviderPledges_NotBondedThen: GOVERNED,
  ProviderPledges_TooLate: GOVERNED,
  ProviderPledges_NothingEarned: says("Pledge {id} has earned nothing yet.", "Try again later."),
  ProviderPledges_NotReceived: says(
    "{received:wei} instead of {wanted:wei} PHA of rewards came.",
    "Try again when the rewards have been funded.",
  ),
};
