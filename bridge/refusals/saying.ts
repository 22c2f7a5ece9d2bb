/**
 * What a contract's error means, for people: a sentence that says what is the case, and one that says what to do. `{name}`
 * stands for the error's input of that name, `{name:form}` for it in one of the forms of `render.ts`.
 */
export type Saying = { readonly says: string; readonly help: string };

/** An error that no verb of a holder can meet, and why. */
export type Unmet = { readonly unmet: string };

/** Words for errors by their names. */
export type Words = Readonly<Record<string, Saying | Unmet>>;

export const says = (sentence: string, help: string): Saying => ({ says: sentence, help });
export const unmet = (why: string): Unmet => ({ unmet: why });

export const CONSTRUCTOR = unmet("only a constructor says it: such a contract was never deployed");
export const GOVERNED = unmet("said to whom governs the contract, by votes, and never to a holder");
export const GUARDIANS = unmet("said to the guardian, who calls it from his own wallet");
export const BY_CONTRACT = unmet("said to another contract of this deployment, which calls as it must");
export const OPERATORS = unmet("of a function that the relayer or a prover calls, and no verb");
export const REPORT =
  "It should not happen: report it, with the transaction that was tried (--log-level debug shows it).";
