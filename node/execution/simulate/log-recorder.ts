import {
  type Address,
  addressFromHex,
  asHash,
  bigintToBytes,
  concatBytes,
  type Hash,
  hashFromHex,
} from "@phala-l2/protocol/bytes";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { Hooks } from "../evm/hooks.ts";

/** Whose logs transfers of ether are reported as. Source: execution-apis, eth_simulateV1 `traceTransfers`. */
const ETHER = addressFromHex("0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/** keccak256("Transfer(address,address,uint256)") of ERC-20. */
const TRANSFER = hashFromHex("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");

/** A log, or a transfer told as one, with its place among all that the message emitted, dropped ones too. */
export type RecordedLog = { readonly log: Log; readonly index: number };

/** The logs of a message; none unless it returned. `emitted` counts those that were dropped too. */
export type LogRecord = { readonly logs: readonly RecordedLog[]; readonly emitted: number };

/**
 * Collects the logs of a message and, where wanted, its transfers of ether among them. Those of failed frames are
 * dropped, but counted.
 */
export class LogRecorder {
  readonly hooks: Hooks;
  /** One list a frame; the first one is what remains. */
  readonly #frames: RecordedLog[][] = [[]];
  #count = 0;

  constructor(kind: "logs" | "logs-and-transfers") {
    const withTransfers = kind === "logs-and-transfers";
    this.hooks = {
      onEnter: ({ kind: frame, from, to, value = 0n }) => {
        this.#frames.push([]);
        if (withTransfers && frame !== "DELEGATECALL" && value > 0n) this.#add(transferLog(from, to, value));
      },
      onExit: ({ error }) => {
        const logs = this.#frames.pop() ?? [];
        // One by one: there may be more of them than a call has arguments.
        if (error === undefined) for (const log of logs) this.#frames.at(-1)?.push(log);
      },
      onLog: (log) => this.#add(log),
    };
  }

  record(): LogRecord {
    return { logs: this.#frames[0] ?? [], emitted: this.#count };
  }

  #add(log: Log): void {
    this.#frames.at(-1)?.push({ log, index: this.#count++ });
  }
}

function transferLog(from: Address, to: Address, value: bigint): Log {
  return { address: ETHER, topics: [TRANSFER, wordOf(from), wordOf(to)], data: bigintToBytes(value, 32) };
}

function wordOf(address: Address): Hash {
  return asHash(concatBytes(new Uint8Array(12), address));
}
