import { bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { decodeEvents, type EventsFault } from "@phala-l2/protocol/substrate/events";
import { blake2b256 } from "@phala-l2/protocol/substrate/hash";
import {
  decodeMetadata,
  type MetadataFault,
  type RuntimeMetadata,
} from "@phala-l2/protocol/substrate/metadata";
import {
  areRuntimesSound,
  type Release,
  type SwapDomain,
  type SwapSettings,
} from "@phala-l2/protocol/swap-release";
import { type BlockProof, type BlockProofFault, readBlockProof } from "./block-proof.ts";
import { type Deposit, depositsOf, type Refusal, type RepairFault, repairFault } from "./deposit.ts";

/** A deposit, and the block that shows it. */
export type ProvenPlace = { readonly block: BlockProof; readonly eventIndex: number };

/** What it takes to judge one release. */
export type ReleaseWitness = {
  readonly deposit: ProvenPlace;
  /** The later deposit that names this one, which was refused. */
  readonly repair?: ProvenPlace;
};

export type ReleaseRefusal =
  | BlockProofFault
  | EventsFault
  | Refusal
  | RepairFault
  | "runtime-unknown"
  | "event-no-deposit"
  | "remark-not-shown";

export type ReleaseJudgement =
  | {
      readonly kind: "release";
      readonly release: Release;
      /** Hashes of all blocks that it follows from: each has to be final. */
      readonly blocks: readonly Hash[];
    }
  | { readonly kind: "refused"; readonly reason: ReleaseRefusal };

/** One block, judged. */
export type BlockJudgement =
  | {
      readonly kind: "ok";
      readonly height: bigint;
      readonly blockHash: Hash;
      readonly deposits: readonly Deposit[];
    }
  | { readonly kind: "refused"; readonly reason: ReleaseRefusal };

/** Judges by one swap's settings. */
export type ReleaseJudge = {
  readonly settings: SwapSettings;
  readonly domain: SwapDomain;
  /** All deposits that a block's proof shows. Never throws. */
  readonly judgeBlock: (proof: BlockProof) => BlockJudgement;
  /** What is owed for a deposit, if it is owed. Never throws. */
  readonly releaseOf: (witness: ReleaseWitness) => ReleaseJudgement;
};

export type ReleaseJudgeCreation =
  | { readonly kind: "ok"; readonly judge: ReleaseJudge }
  | {
      readonly kind: "invalid";
      readonly reason:
        | MetadataFault
        | "runtimes-ambiguous"
        | "metadata-not-of-settings"
        | "metadata-of-another-runtime"
        | "metadata-missing";
    };

/**
 * A judge for a swap. Metadata are trusted only as far as the settings name their hashes, and for no other version than they say
 * themselves: what governance has named is never taken back, and a slip in it must not have events read by a wrong layout.
 * @param metadata Of each runtime in the settings, in any order.
 */
export function createReleaseJudge(
  settings: SwapSettings,
  domain: SwapDomain,
  metadata: readonly Uint8Array[],
): ReleaseJudgeCreation {
  // A version with two metadata would read as the host, who orders them, likes it.
  if (!areRuntimesSound(settings.runtimes)) return { kind: "invalid", reason: "runtimes-ambiguous" };
  const runtimes = new Map<number, RuntimeMetadata>();
  for (const bytes of metadata) {
    const hash = blake2b256(bytes);
    const known = settings.runtimes.filter(({ metadataHash }) => bytesEqual(metadataHash, hash));
    if (known.length === 0) return { kind: "invalid", reason: "metadata-not-of-settings" };
    const decoding = decodeMetadata(bytes);
    if (decoding.kind === "invalid") return decoding;
    for (const { specVersion } of known) {
      if (specVersion !== decoding.metadata.runtime.specVersion)
        return { kind: "invalid", reason: "metadata-of-another-runtime" };
      runtimes.set(specVersion, decoding.metadata);
    }
  }
  if (settings.runtimes.some(({ specVersion }) => !runtimes.has(specVersion))) {
    return { kind: "invalid", reason: "metadata-missing" };
  }
  const judgeBlock = (proof: BlockProof) => judgeProof(proof, { settings, domain, runtimes });
  const releaseOf = (witness: ReleaseWitness) => judgeRelease(witness, settings, judgeBlock);
  return { kind: "ok", judge: { settings, domain, judgeBlock, releaseOf } };
}

type Grounds = {
  readonly settings: SwapSettings;
  readonly domain: SwapDomain;
  readonly runtimes: ReadonlyMap<number, RuntimeMetadata>;
};

function refused(reason: ReleaseRefusal): { readonly kind: "refused"; readonly reason: ReleaseRefusal } {
  return { kind: "refused", reason };
}

function judgeProof(proof: BlockProof, { settings, domain, runtimes }: Grounds): BlockJudgement {
  const reading = readBlockProof(proof);
  if (reading.kind === "invalid") return refused(reading.reason);
  const { height, blockHash, runtime, events: encoded } = reading.block;
  const metadata = runtimes.get(runtime.specVersion);
  // Two chains of one kind count their versions alike, and have other events: the settings name versions only.
  if (metadata?.runtime.specName !== runtime.specName) return refused("runtime-unknown");
  const decoding = decodeEvents(encoded, metadata);
  if (decoding.kind === "invalid") return refused(decoding.reason);
  const facts = { height, events: decoding.events, remarks: proof.remarks };
  return { kind: "ok", height, blockHash, deposits: depositsOf(facts, { settings, domain }) };
}

type FoundDeposit =
  | { readonly kind: "ok"; readonly deposit: Deposit; readonly blockHash: Hash }
  | { readonly kind: "refused"; readonly reason: ReleaseRefusal };

function findDeposit(
  { block, eventIndex }: ProvenPlace,
  judgeBlock: (proof: BlockProof) => BlockJudgement,
): FoundDeposit {
  const judged = judgeBlock(block);
  if (judged.kind === "refused") return judged;
  const deposit = judged.deposits.find((other) => other.eventIndex === eventIndex);
  if (deposit === undefined) return refused("event-no-deposit");
  // What is not shown is not refused, or a host could turn valid deposits into refused ones by silence.
  if (deposit.verdict.kind === "undecided") return refused("remark-not-shown");
  return { kind: "ok", deposit, blockHash: judged.blockHash };
}

/** u32: what a deposit outside of extrinsics has in place of an index. */
const NO_EXTRINSIC = 0xffff_ffff;

function judgeRelease(
  { deposit: shown, repair: shownRepair }: ReleaseWitness,
  { genesisHash }: SwapSettings,
  judgeBlock: (proof: BlockProof) => BlockJudgement,
): ReleaseJudgement {
  const found = findDeposit(shown, judgeBlock);
  if (found.kind === "refused") return found;
  const { deposit, blockHash } = found;
  const repair = shownRepair && findDeposit(shownRepair, judgeBlock);
  if (repair?.kind === "refused") return repair;
  if (repair !== undefined) {
    const fault = repairFault(deposit, repair.deposit);
    if (fault !== undefined) return refused(fault);
  }
  const { verdict } = repair?.deposit ?? deposit;
  if (verdict.kind !== "valid") {
    return refused(verdict.kind === "refused" ? verdict.reason : "remark-not-shown");
  }
  const { height, eventIndex, sender, planck, extrinsicIndex = NO_EXTRINSIC } = deposit;
  const release: Release = {
    genesisHash,
    height,
    blockHash,
    extrinsicIndex,
    eventIndex,
    sender,
    receiver: verdict.receiver,
    planck,
  };
  return {
    kind: "release",
    release,
    blocks: repair === undefined ? [blockHash] : [blockHash, repair.blockHash],
  };
}
