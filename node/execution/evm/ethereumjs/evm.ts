import type { EVMResult, EVMRunCallOpts } from "@ethereumjs/evm";
import { Address as EthereumjsAddress } from "@ethereumjs/util";
import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  hashFromHex,
  toHex,
} from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";
import type { BlockContext } from "../../block/context.ts";
import type { ExecutionFork } from "../../block/fork.ts";
import type { JournaledState } from "../../state/journal.ts";
import type { Evm, Message, MessageResult, RunOptions } from "../evm.ts";
import { createEngine, type Engine } from "./engine.ts";

/** EIP-4844's price without blob transactions. Source: specs/protocol/ecotone/exec-engine.md: BLOBBASEFEE is 1. */
const BLOB_BASE_FEE = 1n;

/**
 * The EVM of @ethereumjs/vm behind the `Evm` interface. One engine a rule set is made when first needed and
 * reused. Overlapping runs wait for each other: an engine has one journal. A long message therefore delays the
 * next; give RPC calls an instance of their own.
 */
export async function createEthereumjsEvm(config: Pick<RollupConfig, "l2ChainId">): Promise<Evm> {
  const engines = new Map<ExecutionFork, Promise<Engine>>();
  let last: Promise<unknown> = Promise.resolve();

  function engineOf(fork: ExecutionFork): Promise<Engine> {
    const engine = engines.get(fork) ?? createEngine(config.l2ChainId, fork);
    engines.set(fork, engine);
    return engine;
  }

  return {
    name: "@ethereumjs/evm",
    run(message, block, state, options = {}) {
      const run = last.then(async () =>
        runMessage(await engineOf(block.fork), message, block, state, options),
      );
      last = run.catch(() => undefined);
      return run;
    },
  };
}

async function runMessage(
  engine: Engine,
  message: Message,
  block: BlockContext,
  state: JournaledState,
  options: RunOptions,
): Promise<MessageResult> {
  const { evm } = engine;
  engine.state.attach(state);
  engine.ancestors.setBlock(block);
  // An earlier message may have ended by an exception of its state.
  evm.journal.cleanJournal();
  evm.transientStorage.clear();
  warm(engine, message, block);
  if (options.reportAccessList === true) evm.journal.startReportingAccessList();
  try {
    const result = await evm.runCall(callOptions(message, block));
    return messageResult(result, evm.journal.accessList);
  } finally {
    delete evm.journal.accessList;
    engine.state.detach();
  }
}

/** EIP-2929, EIP-2930, EIP-3651: what is warm when the message starts. */
function warm({ evm }: Engine, message: Message, block: BlockContext): void {
  const { journal } = evm;
  for (const precompile of evm.precompiles.keys()) journal.addAlwaysWarmAddress(precompile);
  journal.addAlwaysWarmAddress(toHex(message.caller));
  if (message.to !== undefined) journal.addAlwaysWarmAddress(toHex(message.to));
  journal.addAlwaysWarmAddress(toHex(block.beneficiary));
  for (const address of message.warmAddresses) journal.addAlwaysWarmAddress(toHex(address));
  for (const { address, storageKeys } of message.accessList) {
    journal.addAlwaysWarmAddress(toHex(address));
    for (const key of storageKeys) journal.addAlwaysWarmSlot(toHex(address), toHex(key));
  }
}

function callOptions(message: Message, block: BlockContext): EVMRunCallOpts {
  const caller = new EthereumjsAddress(message.caller);
  return {
    block: {
      header: {
        number: block.number,
        coinbase: new EthereumjsAddress(block.beneficiary),
        timestamp: block.timestamp,
        difficulty: 0n,
        prevRandao: block.prevRandao,
        gasLimit: block.gasLimit,
        baseFeePerGas: block.baseFee,
        getBlobGasPrice: () => BLOB_BASE_FEE,
      },
    },
    gasPrice: message.gasPrice,
    origin: caller,
    caller,
    gasLimit: message.gasLimit,
    value: message.value,
    data: message.data,
    // runCall would increment the caller's nonce, which the transaction has done.
    skipNonceIncrement: true,
    ...(message.to !== undefined && { to: new EthereumjsAddress(message.to) }),
  };
}

function messageResult(
  { execResult, createdAddress }: EVMResult,
  accessed: Map<string, Set<string>> | undefined,
): MessageResult {
  const exception = execResult.exceptionError?.error;
  const kind = exception === undefined ? "returned" : exception === "revert" ? "reverted" : "halted";
  return {
    kind,
    output: execResult.returnValue,
    gasUsed: execResult.executionGasUsed,
    refund: kind === "returned" ? (execResult.gasRefund ?? 0n) : 0n,
    logs: kind === "returned" ? (execResult.logs ?? []).map(logOf) : [],
    createdAddress: createdAddress === undefined ? undefined : asAddress(createdAddress.bytes),
    destroyed: kind === "returned" ? destroyedIn(execResult) : [],
    exception,
    accessed: accessed === undefined ? undefined : accessListOf(accessed),
  };
}

function logOf([address, topics, data]: readonly [Uint8Array, readonly Uint8Array[], Uint8Array]): Log {
  return { address: asAddress(address), topics: topics.map(asHash), data };
}

/** EIP-6780: of the contracts that ran SELFDESTRUCT, those created in this transaction. */
function destroyedIn({ selfdestruct, createdAddresses }: EVMResult["execResult"]): readonly Address[] {
  if (selfdestruct === undefined || createdAddresses === undefined) return [];
  return [...selfdestruct.keys()].filter((address) => createdAddresses.has(address)).map(addressFromHex);
}

function accessListOf(accessed: Map<string, Set<string>>): AccessList {
  return [...accessed].map(([address, slots]) => ({
    address: addressFromHex(address),
    storageKeys: [...slots].map(hashFromHex),
  }));
}
