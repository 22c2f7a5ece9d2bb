import { type EVM, EVMError, type EVMResult, type EVMRunCallOpts } from "@ethereumjs/evm";
import { Address as EthereumjsAddress } from "@ethereumjs/util";
import {
  type Address,
  addressFromHex,
  asAddress,
  asHash,
  type Hex,
  hashFromHex,
  toHex,
} from "@phala-l2/protocol/bytes";
import type { RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { Log } from "@phala-l2/protocol/wire/receipt";
import type { AccessList } from "@phala-l2/protocol/wire/transaction-lists";
import type { BlockContext } from "../../block/context.ts";
import { hasEvm, type Rules } from "../../block/rules.ts";
import type { JournaledState } from "../../state/journal.ts";
import type { Evm, Message, MessageResult, RunOptions } from "../evm.ts";
import { createEngine, type Engine } from "./engine.ts";
import { Watcher } from "./watcher.ts";

/**
 * The EVM of @ethereumjs/vm behind the `Evm` interface. One engine a rule set is made when first needed and
 * reused. Overlapping runs wait for each other: an engine has one journal. A long message therefore delays the
 * next; give RPC calls an instance of their own.
 */
export async function createEthereumjsEvm(config: Pick<RollupConfig, "l2ChainId">): Promise<Evm> {
  const engines = new Map<string, Promise<Engine>>();
  let last: Promise<unknown> = Promise.resolve();

  function engineOf(rules: Rules): Promise<Engine> {
    const key = `${rules.evm} ${rules.rollup}`;
    const engine = engines.get(key) ?? createEngine(config.l2ChainId, rules);
    engines.set(key, engine);
    return engine;
  }

  return {
    name: "@ethereumjs/evm",
    run(message, block, state, options = {}) {
      const run = last.then(async () =>
        runMessage(await engineOf(block.rules), message, block, state, options),
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
  const putBack = movePrecompiles(evm, options.movedPrecompiles);
  const watcher =
    options.hooks === undefined
      ? undefined
      : new Watcher(evm, state, options.hooks, hasEvm(block.rules, "tangerineWhistle"));
  try {
    const result = await evm.runCall(callOptions(message, block));
    return messageResult(result, evm.journal.accessList, block.rules);
  } finally {
    watcher?.stop();
    putBack();
    delete evm.journal.accessList;
    engine.state.detach();
  }
}

/** Puts precompiles elsewhere for one message; the returned function undoes it. */
function movePrecompiles({ precompiles }: EVM, moved: RunOptions["movedPrecompiles"]): () => void {
  if (moved === undefined || moved.size === 0) return () => {};
  const before = new Map(precompiles);
  const keyOf = (address: Hex): string => address.slice(2);
  for (const [at, from] of moved) {
    const code = from === undefined ? undefined : before.get(keyOf(toHex(from)));
    if (code === undefined) precompiles.delete(keyOf(at));
    else precompiles.set(keyOf(at), code);
  }
  return () => {
    precompiles.clear();
    for (const [address, code] of before) precompiles.set(address, code);
  };
}

/** EIP-2929, EIP-2930, EIP-3651: what is warm when the message starts. */
function warm({ evm }: Engine, message: Message, block: BlockContext): void {
  const { journal } = evm;
  for (const precompile of evm.precompiles.keys()) journal.addAlwaysWarmAddress(precompile);
  journal.addAlwaysWarmAddress(toHex(message.caller));
  if (message.to !== undefined) journal.addAlwaysWarmAddress(toHex(message.to));
  if (hasEvm(block.rules, "shanghai")) journal.addAlwaysWarmAddress(toHex(block.beneficiary));
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
        difficulty: block.difficulty,
        prevRandao: block.prevRandao,
        gasLimit: block.gasLimit,
        baseFeePerGas: block.baseFee,
        getBlobGasPrice: () => block.blobBaseFee,
      },
    },
    gasPrice: message.gasPrice,
    origin: caller,
    caller,
    gasLimit: message.gasLimit,
    value: message.value,
    data: message.data,
    blobVersionedHashes: message.blobHashes.map((hash) => toHex(hash)),
    // runCall would increment the caller's nonce, which the transaction has done.
    skipNonceIncrement: true,
    ...(message.to !== undefined && { to: new EthereumjsAddress(message.to) }),
  };
}

function messageResult(
  { execResult, createdAddress }: EVMResult,
  accessed: Map<string, Set<string>> | undefined,
  rules: Rules,
): Omit<MessageResult, "trace"> {
  const exception = exceptionOf(execResult);
  const kind = exception === undefined ? "returned" : exception === "revert" ? "reverted" : "halted";
  return {
    kind,
    output: execResult.returnValue,
    gasUsed: execResult.executionGasUsed,
    refund: kind === "returned" ? (execResult.gasRefund ?? 0n) : 0n,
    logs: kind === "returned" ? (execResult.logs ?? []).map(logOf) : [],
    createdAddress: createdAddress === undefined ? undefined : asAddress(createdAddress.bytes),
    destroyed: kind === "returned" ? destroyedIn(execResult, rules) : [],
    exception,
    accessed: accessed === undefined ? undefined : accessListOf(accessed),
  };
}

function logOf([address, topics, data]: readonly [Uint8Array, readonly Uint8Array[], Uint8Array]): Log {
  return { address: asAddress(address), topics: topics.map(asHash), data };
}

/** Frontier creates an empty contract where the gas for its code is missing; EIP-2 made that a failure. */
function exceptionOf({ exceptionError }: EVMResult["execResult"]): string | undefined {
  const exception = exceptionError?.error;
  return exception === EVMError.errorMessages.CODESTORE_OUT_OF_GAS ? undefined : exception;
}

/** The contracts that ran SELFDESTRUCT; from Cancun those created in this transaction alone (EIP-6780). */
function destroyedIn(
  { selfdestruct, createdAddresses }: EVMResult["execResult"],
  rules: Rules,
): readonly Address[] {
  const all = [...(selfdestruct?.keys() ?? [])];
  const gone = hasEvm(rules, "cancun") ? all.filter((address) => createdAddresses?.has(address)) : all;
  return gone.map(addressFromHex);
}

function accessListOf(accessed: Map<string, Set<string>>): AccessList {
  return [...accessed].map(([address, slots]) => ({
    address: addressFromHex(address),
    storageKeys: [...slots].map(hashFromHex),
  }));
}
