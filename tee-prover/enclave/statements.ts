import { type Address, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { decodeBlock } from "@phala-l2/protocol/substrate/block";
import type { FinalitySource } from "@phala-l2/protocol/substrate/finality";
import { decodeHeader } from "@phala-l2/protocol/substrate/header";
import type { TrieLayout } from "@phala-l2/protocol/substrate/trie/node";
import {
  SNAPSHOT_RULES,
  type SunsetStatement,
  sunsetDigest,
  sunsetSettingsHash,
} from "@phala-l2/protocol/sunset-statement";
import {
  type Release,
  releaseDigest,
  type SwapSettings,
  swapSettingsHash,
} from "@phala-l2/protocol/swap-release";
import { windowFault } from "@phala-l2/sunset/block-window";
import { RegistrationWindow, type WindowReading } from "@phala-l2/sunset/registration-window";
import { frozenBlock, SnapshotBuilder } from "@phala-l2/sunset/snapshot";
import { createReleaseJudge, type ReleaseWitness } from "@phala-l2/swap/release";
import { FinalityBook, type Followed } from "./finality.ts";
import type { SigningKey } from "./key.ts";
import { isFinalitySource, isHash, isReleaseRequest, isSunsetRequest } from "./request-types.ts";
import { MAX_STATE_BYTES, readPiece } from "./state-pieces.ts";
import { StatementBook, toldOfRelease, toldOfSunset } from "./statement-book.ts";

/** A statement that the enclave came to by itself, with its key's word for it. */
export type Signed<Statement> =
  | {
      readonly kind: "signed";
      readonly statement: Statement;
      /** What the statement was judged by: the salt of its domain. */
      readonly settingsHash: Hash;
      /** r 32 | s 32 | v 1. */
      readonly signature: Uint8Array;
    }
  /** Hostile input, or input for which there is nothing to state; nothing is signed. */
  | { readonly kind: "refused"; readonly reason: string; readonly data?: Readonly<Record<string, unknown>> };

export type SunsetRequest = {
  /** `SunsetRegistry`. */
  readonly contract: Address;
  readonly finalityAnchor: Hash;
  /** Height of the first block whose remarks register receivers; zero where no remark does. */
  readonly registrationsFrom: bigint;
  /** SCALE header of the frozen block. */
  readonly header: Uint8Array;
  /** Proof that the block is final; absent where the anchor is zero. */
  readonly finality?: Uint8Array;
  /** How the state keeps its values; both are tried without. A wrong one ends in a wrong root, and nothing is signed. */
  readonly layout?: TrieLayout;
};

/** What a sunset is counted from. Nothing in it is believed. */
export type SunsetSources = {
  /** The frozen block's whole state, in pieces as `piecesOf` makes them. */
  readonly state: AsyncIterable<Uint8Array>;
  /** SCALE blocks, an item each: the frozen one, then each one's parent, down to the first whose remarks count. */
  readonly blocks?: AsyncIterable<Uint8Array>;
};

/** How much was read so far; bytes are those of blocks and state. */
export type SunsetProgress = { readonly blocks: number; readonly entries: number; readonly bytes: number };

export type SunsetOptions = {
  /** Told after each piece of the state, and each block. What it throws ends the work. */
  readonly onProgress?: (done: SunsetProgress) => void | Promise<void>;
};

export type ReleaseRequest = {
  /** `ParachainSwap`. */
  readonly contract: Address;
  readonly settings: SwapSettings;
  /** Of each runtime that the settings name. */
  readonly metadata: readonly Uint8Array[];
  readonly witness: ReleaseWitness;
  /** Proofs that the deposit's block is final, and the repairing one's; empty where the anchor is zero. */
  readonly finality: readonly Uint8Array[];
};

/** What a key states of a Substrate chain. */
export interface Statements {
  /** Begins to follow a chain's authorities from a set that settings name by their finality anchor. */
  pinFinality(source: FinalitySource): Followed;
  /** Goes on to the next set. @param handOver As `encodeHandOver` writes it. */
  followFinality(anchor: Hash, handOver: Uint8Array): Followed;
  /**
   * Reads a frozen block's whole state, counts the claims in it, then reads which of the accounts that are owed something registered
   * receivers before, and signs what it found.
   * @throws what the sources and `onProgress` throw
   */
  signSunset(
    request: SunsetRequest,
    sources: SunsetSources,
    options?: SunsetOptions,
  ): Promise<Signed<SunsetStatement>>;
  /** Judges a deposit by what shows it, and signs what is owed for it. */
  signRelease(request: ReleaseRequest): Signed<Release>;
}

/**
 * The largest block of a window of registrations: a parachain's block has at most 5 MiB of extrinsics (`BlockLength` of its runtime), and 10 MiB
 * with the proof of its state, without which no relay chain takes it. Some room is left for chains that allow more.
 */
export const MAX_BLOCK_BYTES = 16 * 2 ** 20;
/** A witness of some blocks; the largest hold a block's events with texts of remarks. */
export const MAX_RELEASE_BYTES = 64 * 2 ** 20;

function refused<Reason extends string>(reason: Reason, data?: Readonly<Record<string, unknown>>) {
  return { kind: "refused", reason, ...(data === undefined ? {} : { data }) } as const;
}

/** All statements are for contracts on the session's L1. What is asked is copied, and its types are looked at, before anything else is. */
export function createStatements(key: SigningKey, chainId: bigint): Statements {
  const means = { key, chainId, finality: new FinalityBook(), book: new StatementBook() };
  const { finality } = means;
  return {
    pinFinality(given) {
      const source = structuredClone(given);
      return isFinalitySource(source) ? finality.pin(source) : refused("authorities-malformed");
    },
    followFinality(given, handOver) {
      const anchor = structuredClone(given);
      return isHash(anchor) ? finality.follow(anchor, Uint8Array.from(handOver)) : refused("anchor-unknown");
    },
    async signSunset(given, sources, options) {
      const request = structuredClone(given);
      return isSunsetRequest(request)
        ? signSunset(means, request, sources, options)
        : refused("request-malformed");
    },
    signRelease(given) {
      const request = structuredClone(given);
      return isReleaseRequest(request) ? signRelease(means, request) : refused("request-malformed");
    },
  };
}

type Means = {
  readonly key: SigningKey;
  readonly chainId: bigint;
  readonly finality: FinalityBook;
  readonly book: StatementBook;
};

async function signSunset(
  { key, chainId, finality, book }: Means,
  request: SunsetRequest,
  { state, blocks }: SunsetSources,
  { onProgress }: SunsetOptions = {},
): Promise<Signed<SunsetStatement>> {
  const header = decodeHeader(request.header);
  if (header.kind === "invalid") return refused(header.reason);
  const block = frozenBlock(header.value);
  const witnesses = request.finality === undefined ? [] : [request.finality];
  // Before the long work: what is not final is not worth it.
  const fault = finality.faultOf(request.finalityAnchor, [block.blockHash], witnesses);
  if (fault !== undefined) return refused(fault);
  const { finalityAnchor, registrationsFrom } = request;
  const early = windowFault(header.value, registrationsFrom);
  if (early !== undefined) return refused(early.code, { height: early.height });
  const done = { blocks: 0, entries: 0, bytes: 0 };
  const tell = () => onProgress?.({ ...done });
  const builder = new SnapshotBuilder({ layout: request.layout ?? "either" });
  const unread = await readState(builder, state, done, tell);
  if (unread !== undefined) return refused(unread);
  // The genesis hash is the state's own: whoever asks does not name it.
  const { height, blockHash, stateRoot } = block;
  const outcome = builder.count({ height, blockHash, stateRoot });
  if (outcome.kind === "refused") {
    const { code, ...data } = outcome.reason;
    return refused(code, data);
  }
  const { owes, snapshot } = outcome.counted;
  // After the state: it alone tells whose registrations are worth keeping.
  const window = new RegistrationWindow(header.value, { chainId, from: registrationsFrom, owes });
  const registrations = await readRegistrations(window, blocks ?? noBlocks(), done, tell);
  if (registrations.kind === "refused") return registrations;
  const { genesisHash, claimsRoot, issuance, claimable, excluded, rounding } = snapshot(
    registrations.receivers,
  );
  const totals = { issuance, claimable, excluded, rounding };
  const statement = { genesisHash, height, blockHash, stateRoot, claimsRoot, ...totals };
  const settingsHash = sunsetSettingsHash({
    finalityAnchor,
    rules: SNAPSHOT_RULES,
    registrationsFrom,
  });
  const { contract } = request;
  const contradiction = book.tell(toldOfSunset(contract, settingsHash, statement));
  if (contradiction !== undefined) return refused(contradiction);
  const digest = sunsetDigest({ chainId, contract }, settingsHash, statement);
  return { kind: "signed", statement, settingsHash, signature: key.sign(digest) };
}

async function* noBlocks(): AsyncGenerator<never> {}

type Done = { blocks: number; entries: number; bytes: number };
type Tell = () => void | Promise<void>;
type Registrations = Extract<WindowReading, { readonly kind: "ok" }> | ReturnType<typeof refused>;

/** Each block is copied before it is looked at: the host's memory is the host's. */
async function readRegistrations(
  window: RegistrationWindow,
  blocks: AsyncIterable<Uint8Array>,
  done: Done,
  tell: Tell,
): Promise<Registrations> {
  for await (const block of blocks) {
    if (block.length > MAX_BLOCK_BYTES) return refused("block-too-large", { bytes: block.length });
    done.blocks += 1;
    done.bytes += block.length;
    const decoded = decodeBlock(Uint8Array.from(block));
    if (decoded.kind === "invalid") return refused("block-malformed", { fault: decoded.reason });
    // A stream need not end by itself.
    if (window.add(decoded.value) !== undefined) break;
    await tell();
  }
  const reading = window.finish();
  if (reading.kind === "ok") return reading;
  const { code, ...data } = reading.reason;
  return refused(code, data);
}

/** Each piece is copied before it is looked at. */
async function readState(
  builder: SnapshotBuilder,
  pieces: AsyncIterable<Uint8Array>,
  done: Done,
  tell: Tell,
): Promise<string | undefined> {
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > MAX_STATE_BYTES) return "state-too-large";
    const reading = readPiece(Uint8Array.from(piece));
    if (reading.kind === "invalid") return reading.reason;
    for (const { key, value } of reading.entries) builder.add(key, value);
    done.entries += reading.entries.length;
    done.bytes += piece.length;
    await tell();
  }
  return undefined;
}

function signRelease({ key, chainId, finality, book }: Means, request: ReleaseRequest): Signed<Release> {
  if (sizeOf(request) > MAX_RELEASE_BYTES) return refused("witness-too-large");
  const { contract, settings, metadata, witness, finality: witnesses } = request;
  const created = createReleaseJudge(settings, { chainId, contract }, metadata);
  if (created.kind === "invalid") return refused(created.reason);
  const judgement = created.judge.releaseOf(witness);
  if (judgement.kind === "refused") return refused(judgement.reason);
  const fault = finality.faultOf(settings.finalityAnchor, judgement.blocks, witnesses);
  if (fault !== undefined) {
    return refused(fault, { blocks: judgement.blocks.map((block) => toHex(block)) });
  }
  const settingsHash = swapSettingsHash(settings);
  const statement = judgement.release;
  const contradiction = book.tell(toldOfRelease(contract, settings, statement));
  if (contradiction !== undefined) return refused(contradiction);
  const digest = releaseDigest({ chainId, contract }, settingsHash, statement);
  return { kind: "signed", statement, settingsHash, signature: key.sign(digest) };
}

/** Bytes of all that may be large. */
function sizeOf({ metadata, witness, finality }: ReleaseRequest): number {
  const places = witness.repair === undefined ? [witness.deposit] : [witness.deposit, witness.repair];
  const shown = places.flatMap(({ block }) => [block.header, ...block.nodes, ...block.remarks]);
  return [...metadata, ...finality, ...shown].reduce((sum, bytes) => sum + bytes.length, 0);
}
