import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AncestorHash } from "@phala-l2/execution/block/ancestors";
import { type AttributesExecution, executeAttributes } from "@phala-l2/execution/block/execute";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import type { Evm } from "@phala-l2/execution/evm/evm";
import { trieState } from "@phala-l2/execution/state/trie-state";
import { bytesEqual, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { decodeHeader, type Header } from "@phala-l2/protocol/wire/header";
import { type BlockFixture, readBlockFixture } from "./fixture.ts";

export type BlockResult = {
  readonly file: string;
  /** What execution made; null where it made no block. */
  readonly blockHash: Hex | null;
  /** Null where the file is no fixture. */
  readonly expected: Hex | null;
  readonly match: boolean;
  readonly gasUsed: bigint;
  /** From the witness to the sealed block; reading the file is not counted. */
  readonly ms: number;
  readonly mgasPerSecond: number;
  /** An error's code, and what it says; absent where the hashes match. */
  readonly code?: string;
  readonly reason?: string;
};

const FIXTURE_NAME = /\.json(\.gz|\.zst)?$/;

/**
 * The fixtures among paths: files as they are named, and of folders what looks like one.
 * @throws RollupError FIXTURES_MISSING for a path that is not there or a folder without fixtures
 */
export function findBlockFixtures(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() === true) return [path];
    const names = stats?.isDirectory() === true ? readdirSync(path).filter(isFixtureName).sort() : [];
    if (names.length > 0) return names.map((name) => join(path, name));
    throw new RollupError("FIXTURES_MISSING", `${path}: a block's fixture, or a folder of such, is wanted`, {
      data: { path },
    });
  });
}

function isFixtureName(name: string): boolean {
  return FIXTURE_NAME.test(name);
}

/** Executes blocks from their witnesses, as a prover's enclave does: the same executor on the same kind of state. */
export class BlockRunner {
  /** By chain: making one takes longer than a small block. */
  readonly #evms = new Map<bigint, Promise<Evm>>();

  /** Reads and executes one file. What is wrong with the file or its witness is in the result. */
  async runFile(file: string): Promise<BlockResult> {
    let fixture: BlockFixture;
    try {
      fixture = readBlockFixture(readFileSync(file), file);
    } catch (error) {
      if (!isRollupError(error, "FIXTURE_MALFORMED")) throw error;
      const nothing = { blockHash: null, expected: null, match: false, gasUsed: 0n, ms: 0, mgasPerSecond: 0 };
      return { file, ...nothing, code: error.code, reason: error.message };
    }
    return { file, ...(await this.run(fixture)) };
  }

  async run(fixture: BlockFixture): Promise<Omit<BlockResult, "file">> {
    const evm = await this.#evmOf(fixture);
    const started = performance.now();
    const outcome = await execute(fixture, evm);
    const ms = performance.now() - started;
    const expected = toHex(fixture.expected);
    if (outcome.kind !== "sealed") {
      const { code, reason } = outcome;
      const nothing = { blockHash: null, expected, match: false, gasUsed: 0n, mgasPerSecond: 0 };
      return { ...nothing, ms: rounded(ms), code, reason };
    }
    const { hash, block } = outcome.sealed;
    const { gasUsed } = block.header;
    const match = bytesEqual(hash, fixture.expected);
    return {
      blockHash: toHex(hash),
      expected,
      match,
      gasUsed,
      ms: rounded(ms),
      mgasPerSecond: rounded(Number(gasUsed) / ms / 1_000),
      ...(!match && { code: "BLOCK_DIFFERS", reason: "execution makes another block than the chain has" }),
    };
  }

  #evmOf({ config }: BlockFixture): Promise<Evm> {
    const evm = this.#evms.get(config.l2ChainId) ?? createEthereumjsEvm(config);
    this.#evms.set(config.l2ChainId, evm);
    return evm;
  }
}

type Outcome =
  | Extract<AttributesExecution, { kind: "sealed" }>
  | { readonly kind: "failed"; readonly code: string; readonly reason: string };

async function execute(fixture: BlockFixture, evm: Evm): Promise<Outcome> {
  const { config, parent, attributes, preimages } = fixture;
  const preimage = (hash: Hash): Uint8Array | undefined => preimages.get(toHex(hash));
  try {
    const execution = await executeAttributes({
      config,
      parent,
      attributes,
      evm,
      state: trieState(parent.stateRoot, preimage, preimage),
      readNode: preimage,
      ancestorHash: ancestorsAmong(preimage, parent),
    });
    if (execution.kind === "sealed") return execution;
    const { reason, transaction, detail } = execution;
    const place = transaction === undefined ? "" : `transaction ${transaction}: `;
    const why = `${place}${reason}${detail === undefined ? "" : ` (${detail})`}`;
    return { kind: "failed", code: "PAYLOAD_INVALID", reason: why };
  } catch (error) {
    if (!isRollupError(error)) throw error;
    const hash = missingHash(error);
    const which = hash === undefined || error.message.includes(hash) ? "" : `: ${hash}`;
    return { kind: "failed", code: error.code, reason: `${error.message}${which}` };
  }
}

/** Which node or code a witness lacks. */
function missingHash({ data }: RollupError): string | undefined {
  if (typeof data !== "object" || data === null || !("hash" in data)) return undefined;
  return typeof data.hash === "string" ? data.hash : undefined;
}

/** Before Isthmus the state does not hold the hashes of ancestors: their headers are then in the witness. */
function ancestorsAmong(preimage: (hash: Hash) => Uint8Array | undefined, parent: Header): AncestorHash {
  const hashes = new Map([[parent.number - 1n, parent.parentHash]]);
  let oldest = { number: parent.number - 1n, hash: parent.parentHash };
  return (number) => {
    while (oldest.number > number) {
      const bytes = preimage(oldest.hash);
      const decoding = bytes === undefined ? undefined : decodeHeader(bytes);
      if (decoding?.kind !== "ok") return undefined;
      oldest = { number: oldest.number - 1n, hash: decoding.header.parentHash };
      hashes.set(oldest.number, oldest.hash);
    }
    return hashes.get(number);
  };
}

/** To hundredths. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
