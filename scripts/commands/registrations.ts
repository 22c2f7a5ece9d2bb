import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { readBlocks } from "@phala-l2/bridge/snapshot/chain-blocks";
import type { Registrations, SnapshotRequest, TakingFault } from "@phala-l2/bridge/snapshot/take-snapshot";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { decodeBlock } from "@phala-l2/protocol/substrate/block";
import type { SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { windowFault } from "@phala-l2/sunset/block-window";
import { RegistrationWindow, readWindow, type WindowTerms } from "@phala-l2/sunset/registration-window";
import { blockItems } from "@phala-l2/tee-prover/host/statements/blocks-file";
import { needed } from "./command.ts";

export type RegistrationSettings = {
  readonly blocks: string | undefined;
  readonly registrationsFrom: bigint;
  readonly chainId: bigint | undefined;
};

export type RegistrationsReader =
  | { readonly kind: "ok"; readonly registrations: SnapshotRequest["registrations"] }
  | { readonly kind: "invalid"; readonly reason: TakingFault };

function invalid(reason: string): Registrations {
  return { kind: "invalid", reason: { code: "blocks-invalid", reason } };
}

/** JSON begins with a bracket or white space, what `l2 pack-blocks` writes with a length below 2^25. */
function isPacked(path: string): boolean {
  const first = new Uint8Array(1);
  const file = openSync(path, "r");
  try {
    return readSync(file, first) === 1 && (first[0] ?? 0) <= 1;
  } finally {
    closeSync(file);
  }
}

/** One block at a time: a million need no more memory than one. */
async function readPacked(path: string, frozen: SubstrateHeader, terms: WindowTerms): Promise<Registrations> {
  const window = new RegistrationWindow(frozen, terms);
  try {
    for await (const item of blockItems(path)) {
      const decoded = decodeBlock(item);
      if (decoded.kind === "invalid") return invalid(decoded.reason);
      if (window.add(decoded.value) !== undefined) break;
    }
  } catch (error) {
    if (isRollupError(error, "BLOCKS_FILE_INVALID")) return invalid(error.message);
    throw error;
  }
  return window.finish();
}

/**
 * What reads the receivers that the blocks' remarks name, proven from the header: for later, as it takes the counted state to tell whose are
 * kept. What can be told to be wrong before that is.
 * @throws RollupError SETTING_INVALID
 */
export function registrationsReader(
  { blocks, registrationsFrom: from, chainId: given }: RegistrationSettings,
  header: SubstrateHeader | undefined,
): RegistrationsReader {
  if (blocks === undefined && from === 0n) {
    return { kind: "ok", registrations: async () => ({ kind: "ok", receivers: [] }) };
  }
  const path = needed(blocks, "blocks");
  if (!existsSync(path)) throw new RollupError("SETTING_INVALID", `--blocks: there is no ${path}`);
  const frozen = needed(header, "header");
  const chainId = needed(given, "chainId");
  const reason = windowFault(frozen, from);
  if (reason !== undefined) return { kind: "invalid", reason };
  const registrations: SnapshotRequest["registrations"] = async (owes) => {
    const terms = { chainId, from, owes };
    if (isPacked(path)) return readPacked(path, frozen, terms);
    const reading = readBlocks(readFileSync(path, "utf8"));
    return reading.kind === "ok" ? readWindow(frozen, reading.blocks, terms) : invalid(reading.reason);
  };
  return { kind: "ok", registrations };
}
