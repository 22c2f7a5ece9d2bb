import { BY_CONTRACT, CONSTRUCTOR, GUARDIANS, OPERATORS, says, unmet, type Words } from "./saying.ts";

const SIGN_AGAIN = "Have it signed again with a later --deadline: 'l2 claims sign' prints the text.";

/** Of the claims, the registry that decides what is owed, the keys that sign, and the staker on L2. */
export const sunsetWords: Words = {
  SunsetClaims_ZeroAddress: CONSTRUCTOR,
  SunsetClaims_NoCode: CONSTRUCTOR,
  SunsetClaims_ZeroBlockTime: CONSTRUCTOR,
  SunsetClaims_ClosesTooSoon: CONSTRUCTOR,
  SunsetClaims_AlreadyClaimed: says(
    "What {account:account} was owed has been paid already; each account is paid once.",
    "Nothing is left to do. The Claimed event of that account tells who received it and when.",
  ),
  SunsetClaims_InvalidAmount: says(
    "{planck:planck} PHA is no amount that can be owed.",
    "Take amount and proof from the claims that the final root belongs to ('l2 claims prove').",
  ),
  SunsetClaims_NotInTree: says(
    "The final claims hold no such {kind:leaf} of {account:account}.",
    "The claims folder is of another state or another count than the final one: compare claimsRoot in its snapshot.json with that of 'l2 claim status'.",
  ),
  SunsetClaims_InvalidReceiver: says(
    "PHA that is paid to {receiver} in this form would be lost.",
    "Have a message signed that names an account of yours as receiver.",
  ),
  SunsetClaims_Expired: says("The message was good until {deadline:time}.", SIGN_AGAIN),
  SunsetClaims_DeadlineTooFar: says(
    "A deadline after the year 9999 is not taken.",
    "Have it signed again with an earlier --deadline: 'l2 claims sign' prints the text.",
  ),
  SunsetClaims_InvalidSignature: says(
    "Signature {index} (counted from 0) is not its key's over this message.",
    "Receiver, form, role, deadline and amount must be those that were signed, and the contract this one: 'l2 claims verify' tells.",
  ),
  SunsetClaims_OtherAccount: says(
    "The signatures show the consent of {found:account}, not of {wanted:account}.",
    "Sign with the account's own key; of a multisig name all signatories and its threshold, of a proxy use --role proxy.",
  ),
  SunsetClaims_NoAccountShown: says(
    "The evidence is neither one key's nor a multisig's.",
    "Give one signature, or the multisigs that the keys make up ('multisigs' in the file of --signatures).",
  ),
  SunsetClaims_NotApproved: says(
    "The key of {account:account} has no signature over this message on record.",
    "Bring that signature first, or in the same file.",
  ),
  SunsetClaims_TooFewSignatories: says(
    "{found} signatories of the multisig agree, and it takes {wanted}.",
    "Collect more signatures over the same text, and give all of them by --signatures.",
  ),
  SunsetClaims_DelayedProxy: says(
    "This proxy has a delay of {delay} blocks of the parachain: its claim must be announced.",
    "'l2 claim submit --role proxy' announces it; 'l2 claim execute' pays it when the delay has passed.",
  ),
  SunsetClaims_Vetoed: says(
    "{account:account} has shut out its proxy {delegate:account}, for ever.",
    "The account itself, or another proxy of it, can still claim.",
  ),
  SunsetClaims_AlreadyAnnounced: says(
    "This claim is announced already; it can be executed from {opensAt:time}.",
    "'l2 claim execute' pays it then; until then the account can veto it ('l2 claim veto').",
  ),
  SunsetClaims_NotAnnounced: says(
    "No such claim was announced.",
    "'l2 claim submit --role proxy' announces it. Receiver, form, deadline and delegate must be those of the announcement.",
  ),
  SunsetClaims_TooEarly: says(
    "The announced claim can be executed from {opensAt:time}.",
    "Run 'l2 claim execute' then; anyone may.",
  ),
  SunsetClaims_Underfunded: says(
    "The contract holds {found:wei} PHA, and this claim takes {wanted:wei}.",
    "Nothing is lost: try again when it has been funded. Anyone may fund it ('l2 claim fund').",
  ),
  SunsetClaims_NotReceived: says(
    "The token delivered {found:wei} instead of {wanted:wei} PHA.",
    "The token keeps a part for itself, which PHA does not: is --contract that of the right deployment?",
  ),
  SunsetClaims_NotClosed: unmet("no verb sweeps: who is to get what is left calls it himself, after years"),

  SunsetRegistry_ZeroAddress: CONSTRUCTOR,
  SunsetRegistry_InvalidHostVendors: CONSTRUCTOR,
  SunsetRegistry_InvalidChallengePeriod: CONSTRUCTOR,
  SunsetRegistry_InvalidRegistrations: CONSTRUCTOR,
  SunsetRegistry_AlreadyFinal: says(
    "The sunset is final: nothing can be proposed or contradicted any more.",
    "'l2 sunset status' shows its root; holders claim with 'l2 claim submit'.",
  ),
  SunsetRegistry_NotFinal: says(
    "The sunset is not final yet, so that nothing can be claimed.",
    "'l2 sunset status' tells how far it is and from when on 'l2 sunset finalize' passes.",
  ),
  SunsetRegistry_AlreadyProposed: says(
    "Another proposal stands, and provers of enough vendors support it.",
    "'l2 sunset status' shows it. If it is wrong, one honest prover's word voids it: 'l2 sunset contradict'.",
  ),
  SunsetRegistry_NotProposed: says(
    "No proposal stands.",
    "'l2 sunset status' tells whether one is final or was voided; 'l2 sunset propose' makes one.",
  ),
  SunsetRegistry_Closed: says(
    "A proposal was voided; the next can be made from {reopensAt:time}.",
    "Find out until then why provers differed, and run 'l2 sunset propose' after it.",
  ),
  SunsetRegistry_OtherGenesis: says(
    "The provers count the parachain of genesis {found}, and this contract is about {wanted}.",
    "Give the registry of that parachain, or ask provers that have its settings.",
  ),
  SunsetRegistry_OtherHeight: says(
    "The provers count the state at height {found}, and this contract is about {wanted}.",
    "Give the provers the state and header of height {wanted}.",
  ),
  SunsetRegistry_ZeroHash: says(
    "The statement has a hash of zero.",
    "The provers' sunset file is wrong: see their logs.",
  ),
  SunsetRegistry_InvalidAmounts: says(
    "The statement's amounts do not add up to the issuance, or nothing is claimable.",
    "The prover's count is wrong: report it, with its log.",
  ),
  SunsetRegistry_InvalidSignature: says(
    "Signature {index} (counted from 0) is no prover's.",
    "One of --endpoints answers with nonsense: leave it out.",
  ),
  SunsetRegistry_KeyDoesNotCount: says(
    "The key {key} signed, and is none of a prover that counts now.",
    "It expired, was revoked, or is not registered yet: 'l2 provers' tells. Leave its endpoint out, or wait until it has registered a new key.",
  ),
  SunsetRegistry_DuplicateKey: says(
    "The key {key} signed twice.",
    "Two of --endpoints are one prover: name each once.",
  ),
  SunsetRegistry_TooManySignatures: says(
    "{found} signatures were sent, and {most} are the most.",
    "Name fewer --endpoints, of different vendors.",
  ),
  SunsetRegistry_TooFewVendors: says(
    "Provers of {found} host vendors have signed, and it takes {wanted}.",
    "Name provers of other vendors by --endpoints; 'l2 provers' shows which count.",
  ),
  SunsetRegistry_NoContradiction: says(
    "The prover states the same as the proposal.",
    "Nothing is to be contradicted: the proposal agrees with this prover's own count.",
  ),
  SunsetRegistry_OtherKey: OPERATORS,
  SunsetRegistry_NoAnchor: OPERATORS,
  SunsetRegistry_TooEarly: says(
    "The proposal can be made final from {finalAt:time}.",
    "Run 'l2 sunset finalize' then; anyone may. Until then it can be contradicted.",
  ),
  SunsetRegistry_Unauthorized: GUARDIANS,
  SunsetRegistry_NoFreezeLeft: GUARDIANS,

  SunsetStaker_ZeroAddress: CONSTRUCTOR,
  SunsetStaker_Unauthorized: BY_CONTRACT,
  SunsetStaker_NothingOwed: says(
    "Nothing waits for {receiver} at the staker.",
    "'l2 claim status --receiver' tells; what came was paid as vPHA or PHA already.",
  ),
  SunsetStaker_NotArrived: says(
    "{found:wei} of {wanted:wei} PHA have arrived on L2 so far.",
    "Try again when the bridge has brought the rest; seconds to minutes.",
  ),
  SunsetStaker_TooLittleGas: says(
    "The transaction needs at least {wanted} gas.",
    "Send it with a higher gas limit.",
  ),

  SubstrateSignatures_Length: says(
    "Public key ({publicKey} bytes) or signature ({signature} bytes) have a length that no key of this kind has.",
    "Pass the wallet's signature on whole, in hex; name the key that signed by --signer.",
  ),
  SubstrateSignatures_Multisig: says(
    "{signatories} signatories with a threshold of {threshold} are no multisig.",
    "Name all signatories of it, each once, and the threshold it was made with.",
  ),
};
