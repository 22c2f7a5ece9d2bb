import type { TakingFault } from "./take-snapshot.ts";

/** What is the case, and what to do. */
type Words = readonly [says: string, help: string];

const OTHER_DUMP =
  "Export the whole state of exactly this block again (export-state, or state_getPairs with an empty prefix), and pass on the file unchanged.";
const OTHER_BLOCKS =
  "Give all blocks from --registrations-from to the frozen one, as chain_getBlock answers them ('l2 pack-blocks' fetches them).";
const REPORT = "No root exists for this state: report it with the document.";

/** Of each code; `{name}` stands for a fact of the refusal. */
const WORDS: Readonly<Record<TakingFault["code"], Words>> = {
  "dump-invalid": ["The state's file cannot be read: {reason}.", OTHER_DUMP],
  "header-invalid": [
    "The header cannot be read: {reason}.",
    "Give the answer of chain_getHeader for the frozen block, or its SCALE bytes.",
  ],
  "block-unknown": [
    "Nothing tells which block the state is of: {reason}.",
    "Give --header (or --state-root, with --height, --block-hash and --genesis-hash).",
  ],
  contradiction: [
    "{field} is told twice, differently: {given} was given, {found} was found.",
    "One of the two is another block's: compare with the chain.",
  ],
  "state-root-mismatch": [
    "The entries are not this block's state: its root is {wanted}, theirs {computed}.",
    `A part is missing, or the state is another block's. ${OTHER_DUMP}`,
  ],
  "entries-out-of-order": ["The entries do not ascend at key {key}.", OTHER_DUMP],
  "entry-twice": ["The key {key} is in the file twice.", OTHER_DUMP],
  "entry-malformed": [
    "The entry {key} ({item}) has not the form that the rules know.",
    "The file is damaged, or the runtime's storage is another than docs/spec/sunset-snapshot.md describes.",
  ],
  "genesis-unknown": ["The state does not tell the parachain's genesis.", "Give --genesis-hash."],
  "nothing-to-claim": [
    "No account is owed anything in this state.",
    "It is the state of another chain, or of a block before there were balances.",
  ],
  "no-issuance": [
    "The state has no balances.",
    "It is the state of another chain: a chain with pallet Balances is wanted.",
  ],
  "shares-malformed": ["Shares of collection {collection} cannot be read.", REPORT],
  "not-conserved": ["{difference} planck of {issuance} are not accounted for.", REPORT],
  "blocks-invalid": ["The file of --blocks cannot be read: {reason}.", OTHER_BLOCKS],
  "window-after-frozen": [
    "--registrations-from {height} is after the frozen block.",
    "Give the height that the registry's settings name.",
  ],
  "block-outside-window": ["Block {height} is before --registrations-from.", OTHER_BLOCKS],
  "blocks-not-chained": ["Block {height} is not the parent of the one after it.", OTHER_BLOCKS],
  "extrinsics-missing": ["Block {height} was given without its extrinsics.", OTHER_BLOCKS],
  "extrinsics-root-mismatch": ["The extrinsics of block {height} are not those of its header.", OTHER_BLOCKS],
  "blocks-missing": ["Block {height} and those before it are missing.", OTHER_BLOCKS],
};

/** A refusal in words. @param document as it is printed */
export function refusalWords(
  document: object,
): { readonly refused: string; readonly help: string } | undefined {
  const facts = new Map<string, unknown>(Object.entries(document));
  const code = String(facts.get("code"));
  const found = Object.entries(WORDS).find(([name]) => name === code)?.[1];
  if (found === undefined) return undefined;
  const [says, help] = found;
  const refused = says.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(facts.get(name)));
  return { refused: refused.replace(/\.\.$/, "."), help };
}
