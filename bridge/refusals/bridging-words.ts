import { CONSTRUCTOR, GOVERNED, GUARDIANS, OPERATORS, says, type Words } from "./saying.ts";

/** Of the live swap's contract: a relayer meets them, and who looks at a deposit reads them. */
export const swapWords: Words = {
  ParachainSwap_ZeroAddress: CONSTRUCTOR,
  ParachainSwap_TokenHasNoCode: CONSTRUCTOR,
  ParachainSwap_InvalidHostVendors: CONSTRUCTOR,
  ParachainSwap_ZeroHash: CONSTRUCTOR,
  ParachainSwap_InvalidHeights: CONSTRUCTOR,
  ParachainSwap_ZeroLimit: CONSTRUCTOR,
  ParachainSwap_InvalidRuntimes: GOVERNED,
  ParachainSwap_AlreadyNamed: GOVERNED,
  ParachainSwap_ClosesTooSoon: CONSTRUCTOR,
  ParachainSwap_Paused: OPERATORS,
  ParachainSwap_OtherGenesis: OPERATORS,
  ParachainSwap_HeightOutOfRange: OPERATORS,
  ParachainSwap_InvalidReceiver: OPERATORS,
  ParachainSwap_InvalidAmount: OPERATORS,
  ParachainSwap_AlreadyReleased: OPERATORS,
  ParachainSwap_OtherRelease: OPERATORS,
  ParachainSwap_UnknownSettings: OPERATORS,
  ParachainSwap_InvalidSignature: OPERATORS,
  ParachainSwap_KeyDoesNotCount: OPERATORS,
  ParachainSwap_TooFewVendors: OPERATORS,
  ParachainSwap_AboveLimit: OPERATORS,
  ParachainSwap_Underfunded: OPERATORS,
  ParachainSwap_NotReceived: OPERATORS,
  ParachainSwap_NoEquivocation: OPERATORS,
  ParachainSwap_NoAnchor: OPERATORS,
  ParachainSwap_Unauthorized: GUARDIANS,
  ParachainSwap_NotPaused: GUARDIANS,
  ParachainSwap_PauseCoolingDown: GUARDIANS,
  ParachainSwap_NoPauseLeft: GUARDIANS,
  ParachainSwap_NotClosed: GOVERNED,
};

export const quotaWords: Words = {
  OptimismPortal_QuotaExceeded: says(
    "The day's withdrawal quota is used up: the withdrawal can be finalised from {passesAt:time}.",
    "Run 'l2 bridge finalize' then. Nothing is lost; others may take that room first.",
  ),
  StandardBridge_QuotaExceeded: says(
    "The day's withdrawal quota of {token} is used up: the withdrawal can be finalised from {passesAt:time}.",
    "Run 'l2 bridge finalize' then. Nothing is lost; others may take that room first.",
  ),
};
