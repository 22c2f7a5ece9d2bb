import { CONSTRUCTOR, GOVERNED, REPORT, says, unmet, type Words } from "./saying.ts";

const NO_VERB_MOVES = unmet(
  "no verb transfers or approves to or from nobody: receivers of zero are refused before",
);

/** Of tokens, their permits and OpenZeppelin's parts, which several contracts have. */
export const tokenWords: Words = {
  ERC20InsufficientBalance: says(
    "{sender} has {balance} and needs {needed} of the token (its least units: PHA has 18 decimals, vPHA 24).",
    "Lower the amount, or bring the token there first; what is on its way from the other chain takes its time.",
  ),
  ERC20InsufficientAllowance: says(
    "{spender} may take {allowance} of the account's token, and {needed} are needed (least units).",
    "Run the same again: it approves what it needs. Another program may have used the allowance in between.",
  ),
  ERC20InvalidReceiver: says("The token cannot be sent to {receiver}.", "Give another receiver."),
  ERC20InvalidSender: NO_VERB_MOVES,
  ERC20InvalidApprover: NO_VERB_MOVES,
  ERC20InvalidSpender: NO_VERB_MOVES,
  SafeERC20FailedOperation: says(
    "The token {token} refused the transfer.",
    "Look at the token: a pause or a list of its own may be in the way.",
  ),
  ERC2612ExpiredSignature: says(
    "The signed permit was good until {deadline:time}.",
    "Run the same again: it signs a new permit, good for an hour. If this comes at once, look at this machine's clock.",
  ),
  ERC2612InvalidSigner: says(
    "The signed permit is by {signer}, not by the owner {owner}.",
    "Another permit of the account was used in between, or the token is another one: run the same again.",
  ),
  ECDSAInvalidSignature: says("The signature is none.", "Sign again, and pass it on whole."),
  ECDSAInvalidSignatureLength: says(
    "The signature has {length} bytes, and 65 are wanted.",
    "Sign again, and pass it on whole.",
  ),
  ECDSAInvalidSignatureS: says(
    "The signature has a high s, which contracts refuse.",
    "Sign again with another wallet or library.",
  ),
  InvalidAccountNonce: says(
    "The signature was made for another nonce of {account}; the next is {currentNonce}.",
    "It was brought already, or another one since: sign again.",
  ),
  OptimismMintableERC20_NotBridge: unmet("only the standard bridge mints and burns"),
  ERC5267ExtensionsNotSupported: unmet("no verb reads the domain's extensions"),
  PhaTestToken_AboveFaucetLimit: says(
    "The test token gives {limit:wei} at once, not {amount:wei}.",
    "Ask for less, several times.",
  ),
  ReentrancyGuardReentrantCall: says(
    "A contract on the way called back in the middle of the transaction.",
    "A receiver or token does what it must not: give another receiver.",
  ),
  SafeCastOverflowedUintDowncast: says("The amount {value} is larger than any that exists.", "Give less."),
  ERC20ExceededSafeSupply: unmet("it takes more shares than all PHA that exists can be worth"),
  StringTooLong: CONSTRUCTOR,
  InvalidShortString: CONSTRUCTOR,
  CheckpointUnorderedInsertion: unmet("time of a chain does not go back"),
  ERC6372InconsistentClock: unmet("the clock is the block's time, and overridden so"),
  OwnableInvalidOwner: CONSTRUCTOR,
  OwnableUnauthorizedAccount: GOVERNED,
  FailedCall: says(
    "A call of the decision fails, and gives no reason.",
    "'l2 governance status' shows the calls; who proposed it must look why one fails now. It can be tried again.",
  ),
  InsufficientBalance: says(
    "The contract has {balance:wei} ether, and the decision sends {needed:wei}.",
    "Send it the ether, then try again; anyone may.",
  ),
  Blake2b_PrecompileFailed: says("This chain lacks a precompile that verifies signatures.", REPORT),
  ModExp_PrecompileFailed: says("This chain lacks a precompile that verifies signatures.", REPORT),
  Sha512_OutOfBounds: says("The signature could not be hashed.", REPORT),
};
