import { gunzipSync } from "node:zlib";
import type { GenesisAccount } from "@phala-l2/execution/genesis";
import { fromHex, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { SEQUENCER_FEE_VAULT } from "@phala-l2/protocol/predeploys";
import { type Anvil, startAnvil } from "../l1/anvil.ts";

/** What anvil tells of an executed transaction. */
export type ReferenceReceipt = {
  readonly status: Hex;
  readonly gasUsed: Hex;
  readonly cumulativeGasUsed: Hex;
  readonly contractAddress: Hex | null;
  readonly logs: readonly { readonly address: Hex; readonly topics: readonly Hex[]; readonly data: Hex }[];
};

export type ReferenceAccount = {
  readonly nonce: number;
  readonly balance: Hex;
  readonly code: Hex;
  readonly storage: Readonly<Record<Hex, Hex>>;
};

export type BlockTerms = { readonly timestamp: bigint; readonly baseFee: bigint };

/** Requests in one HTTP body. */
const BATCH = 100;

type Answer = {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
};

/** Another implementation of the OP Stack's execution: anvil, whose EVM and fees are revm's and op-revm's. */
export class OptimismAnvil {
  readonly #anvil: Anvil;
  /** A snapshot, which coming back to uses up. */
  #genesis: unknown;

  private constructor(anvil: Anvil) {
    this.#anvil = anvil;
  }

  /** Without accounts of its own; it mines when it is told to. */
  static async start(terms: {
    readonly chainId: number;
    readonly hardfork: "isthmus" | "jovian";
    readonly genesisTime: bigint;
    readonly gasLimit: bigint;
  }): Promise<OptimismAnvil> {
    const { chainId, hardfork, genesisTime, gasLimit } = terms;
    const anvil = await startAnvil({
      port: 0,
      chainId,
      hardfork,
      optimism: { genesisTime, gasLimit },
    });
    return new OptimismAnvil(anvil);
  }

  stop(): Promise<void> {
    return this.#anvil.stop();
  }

  async #all(calls: readonly (readonly [method: string, ...params: unknown[]])[]): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let start = 0; start < calls.length; start += BATCH) {
      const batch = calls.slice(start, start + BATCH).map(([method, ...params], id) => ({
        jsonrpc: "2.0",
        id,
        method,
        params,
      }));
      const response = await fetch(this.#anvil.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(batch),
      });
      const answers = (await response.json()) as Answer[];
      for (const { error, result } of answers.toSorted((a, b) => a.id - b.id)) {
        if (error !== undefined) throw new RollupError("ANVIL_FAILED", error.message);
        results.push(result);
      }
    }
    return results;
  }

  async #ask(method: string, ...params: unknown[]): Promise<unknown> {
    const [result] = await this.#all([[method, ...params]]);
    return result;
  }

  /** Begins a chain anew, with these accounts. */
  async reset(accounts: readonly GenesisAccount[]): Promise<void> {
    await this.#ask("anvil_dropAllTransactions");
    const isDone = this.#genesis === undefined || (await this.#ask("evm_revert", this.#genesis)) === true;
    if (!isDone) throw new RollupError("ANVIL_FAILED", "the snapshot is gone");
    this.#genesis = await this.#ask("evm_snapshot");
    await this.#all(
      accounts.flatMap(({ address, nonce, balance, code, storage }) => {
        const at = toHex(address);
        const quantity = (value: bigint): Hex => `0x${value.toString(16)}`;
        return [
          ["anvil_setBalance", at, quantity(balance)] as const,
          ["anvil_setNonce", at, quantity(nonce)] as const,
          ["anvil_setCode", at, toHex(code)] as const,
          ...[...storage].map(
            ([slot, value]) =>
              ["anvil_setStorageAt", at, slot, `0x${value.toString(16).padStart(64, "0")}`] as const,
          ),
        ];
      }),
    );
  }

  /** Makes a block of these transactions, in their order. @throws RollupError ANVIL_FAILED when it refuses one */
  async mine(raws: readonly Uint8Array[], { timestamp, baseFee }: BlockTerms): Promise<ReferenceReceipt[]> {
    const results = await this.#all([
      ["anvil_setCoinbase", toHex(SEQUENCER_FEE_VAULT)],
      ["anvil_setNextBlockBaseFeePerGas", `0x${baseFee.toString(16)}`],
      ["evm_setNextBlockTimestamp", `0x${timestamp.toString(16)}`],
    ]).then(() => this.#sendInOrder(raws));
    await this.#ask("evm_mine");
    return (await this.#all(
      results.map((hash) => ["eth_getTransactionReceipt", hash]),
    )) as ReferenceReceipt[];
  }

  async #sendInOrder(raws: readonly Uint8Array[]): Promise<unknown[]> {
    const hashes: unknown[] = [];
    for (const raw of raws) hashes.push(await this.#ask("eth_sendRawTransaction", toHex(raw)));
    return hashes;
  }

  /** Every account there is, by address. */
  async accounts(): Promise<ReadonlyMap<Hex, ReferenceAccount>> {
    const dump = String(await this.#ask("anvil_dumpState"));
    const text = gunzipSync(fromHex(dump)).toString();
    const { accounts } = JSON.parse(text) as { accounts: Record<Hex, ReferenceAccount> };
    return new Map(Object.entries(accounts) as [Hex, ReferenceAccount][]);
  }
}

/** The slots that hold something. */
export function slotsOf({ storage }: ReferenceAccount): ReadonlyMap<Hex, bigint> {
  const slots = Object.entries(storage) as [Hex, Hex][];
  return new Map(
    slots
      .map(([slot, value]) => [toHex(hashFromHex(slot)), BigInt(value)] as const)
      .filter(([, value]) => value !== 0n),
  );
}
