import {
  type Address,
  addressFromHex,
  bytesEqual,
  concatBytes,
  type Hash,
  hashFromHex,
} from "@phala-l2/protocol/bytes";
import { SYSTEM_ADDRESS } from "@phala-l2/protocol/predeploys";
import { sha256 } from "@phala-l2/protocol/sha256";
import type { Receipt } from "@phala-l2/protocol/wire/receipt";
import type { BlockContext } from "../block/context.ts";
import { SYSTEM_CALL_GAS } from "../block/system-calls.ts";
import type { Evm } from "../evm/evm.ts";
import type { JournaledState } from "../state/journal.ts";

/** EIP-7685 request types. */
const DEPOSIT_REQUEST = 0;
const WITHDRAWAL_REQUEST = 1;
const CONSOLIDATION_REQUEST = 2;
/** EIP-7002 and EIP-7251: contracts that hold the requests until the block's end. */
export const WITHDRAWAL_REQUESTS = addressFromHex("0x00000961ef480eb55e80d19ad83579a64c007002");
export const CONSOLIDATION_REQUESTS = addressFromHex("0x0000bbddc7ce488642fb579f8b00f3a590007251");
/** EIP-6110 DEPOSIT_EVENT_SIGNATURE_HASH. */
const DEPOSIT_EVENT = hashFromHex("0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5");
/** EIP-6110: the event's data has this length, and its five values stand at these places. */
const DEPOSIT_DATA_LENGTH = 576;
const DEPOSIT_VALUES = [
  { at: 192, length: 48 },
  { at: 288, length: 32 },
  { at: 352, length: 8 },
  { at: 416, length: 96 },
  { at: 544, length: 8 },
] as const;
/** ABI head and length words that the event's data must have, by their place. */
const DEPOSIT_WORDS: ReadonlyMap<number, number> = new Map([
  [0, 160],
  [32, 256],
  [64, 320],
  [96, 384],
  [128, 512],
  [160, 48],
  [256, 32],
  [320, 8],
  [384, 96],
  [512, 8],
]);

export type Requests =
  | { readonly kind: "ok"; readonly hash: Hash }
  | { readonly kind: "invalid"; readonly reason: "deposit-event-malformed" | "request-contract-failed" };

/**
 * The hash of what a block asks of the consensus layer, after its transactions: deposits from its logs, withdrawals
 * and consolidations from their contracts. Sources: EIP-7685, EIP-6110, EIP-7002, EIP-7251.
 */
export async function requestsOf(
  receipts: readonly Receipt[],
  depositContract: Address,
  evm: Evm,
  block: BlockContext,
  state: JournaledState,
): Promise<Requests> {
  const deposits = depositRequests(receipts, depositContract);
  if (deposits === undefined) return { kind: "invalid", reason: "deposit-event-malformed" };
  const withdrawals = await requestsFrom(WITHDRAWAL_REQUESTS, evm, block, state);
  const consolidations = await requestsFrom(CONSOLIDATION_REQUESTS, evm, block, state);
  if (withdrawals === undefined || consolidations === undefined) {
    return { kind: "invalid", reason: "request-contract-failed" };
  }
  const lists: readonly (readonly [type: number, data: Uint8Array])[] = [
    [DEPOSIT_REQUEST, deposits],
    [WITHDRAWAL_REQUEST, withdrawals],
    [CONSOLIDATION_REQUEST, consolidations],
  ];
  const digests = lists
    .filter(([, data]) => data.length > 0)
    .map(([type, data]) => sha256(concatBytes(Uint8Array.of(type), data)));
  return { kind: "ok", hash: sha256(concatBytes(...digests)) };
}

/** Undefined when a contract's event is not as EIP-6110 wants it, which makes the block invalid. */
function depositRequests(receipts: readonly Receipt[], contract: Address): Uint8Array | undefined {
  const deposits: Uint8Array[] = [];
  for (const { address, topics, data } of receipts.flatMap(({ logs }) => logs)) {
    const [event] = topics;
    if (event === undefined || !bytesEqual(address, contract) || !bytesEqual(event, DEPOSIT_EVENT)) continue;
    if (!isDepositData(data)) return undefined;
    deposits.push(...DEPOSIT_VALUES.map(({ at, length }) => data.subarray(at, at + length)));
  }
  return concatBytes(...deposits);
}

function isDepositData(data: Uint8Array): boolean {
  if (data.length !== DEPOSIT_DATA_LENGTH) return false;
  return [...DEPOSIT_WORDS].every(([at, value]) => {
    const word = new DataView(data.buffer, data.byteOffset + at, 32);
    const isSmall = [0, 8, 16].every((offset) => word.getBigUint64(offset) === 0n);
    return isSmall && word.getBigUint64(24) === BigInt(value);
  });
}

/** Undefined when the contract is not there or its call fails: EIP-7002 and EIP-7251 make such a block invalid. */
async function requestsFrom(
  contract: Address,
  evm: Evm,
  block: BlockContext,
  state: JournaledState,
): Promise<Uint8Array | undefined> {
  if (!state.hasCode(contract)) return undefined;
  const result = await evm.run(
    {
      caller: SYSTEM_ADDRESS,
      to: contract,
      value: 0n,
      data: new Uint8Array(0),
      gasLimit: SYSTEM_CALL_GAS,
      gasPrice: 0n,
      accessList: [],
      warmAddresses: [],
      blobHashes: [],
    },
    block,
    state,
  );
  state.endTransaction();
  return result.kind === "returned" ? result.output : undefined;
}
