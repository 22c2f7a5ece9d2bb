import { simulate } from "@phala-l2/execution/call";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { bigintToBytes, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Anvil, startAnvil } from "../l1/anvil.ts";
import { buildBlock, CHAIN_ID, COMPUTE_ADDRESS, COMPUTE_WORKLOAD, stateOf } from "./execution-blocks.ts";
import { type BenchLine, measurePairs, timed } from "./measure.ts";
import { COMPUTE } from "./programs.ts";

export const EVM_CALL = "evm-call";

const PASSES = 20_000n;
const CALL_GAS = 25_000_000n;

/**
 * One long call without a transaction: here in process, at anvil by eth_call: Mgas a second. The peer's way over HTTP is
 * a small part of its time, and counts against it.
 */
export async function* benchEvmCall(pairs: number) {
  const evm = await createEthereumjsEvm({ l2ChainId: CHAIN_ID });
  const { genesis, block } = await buildBlock(COMPUTE_WORKLOAD, evm);
  const data = bigintToBytes(PASSES, 32);
  const { state } = stateOf(genesis);
  const request = { to: COMPUTE_ADDRESS, data, gasLimit: CALL_GAS };
  const call = () => simulate({ config: genesis.config, header: block.header, state, evm, request });
  const once = await call();
  if (once.kind !== "returned") throw new RollupError("BENCH_BROKEN", "the call does not return");
  const anvil = await startAnvil({ port: 0, chainId: Number(CHAIN_ID), hardfork: "shanghai" });
  try {
    await ask(anvil, "anvil_setCode", [toHex(COMPUTE_ADDRESS), toHex(COMPUTE)]);
    const asked = { to: toHex(COMPUTE_ADDRESS), data: toHex(data), gas: `0x${CALL_GAS.toString(16)}` };
    const sides = {
      ours: () => timed(call),
      peer: () => timed(() => ask(anvil, "eth_call", [asked, "latest"])),
    };
    const measured = await measurePairs(sides, { pairs, work: Number(once.gasUsed) / 1e6 });
    yield { name: EVM_CALL, ...measured, unit: "Mgas/s", against: "anvil eth_call" } satisfies BenchLine;
  } finally {
    await anvil.stop();
  }
}

/** @throws RollupError BENCH_BROKEN for an error in the answer */
async function ask({ url }: Anvil, method: string, params: readonly unknown[]): Promise<void> {
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json" },
  });
  const answer: unknown = await response.json();
  if (typeof answer === "object" && answer !== null && !("error" in answer)) return;
  throw new RollupError("BENCH_BROKEN", `anvil refuses ${method}: ${JSON.stringify(answer)}`);
}
