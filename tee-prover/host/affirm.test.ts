import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { Hex } from "@phala-l2/protocol/bytes";
import {
  createPublicClient,
  custom,
  decodeFunctionData,
  encodeFunctionResult,
  numberToHex,
  zeroAddress,
} from "viem";
import { affirmKey } from "./affirm.ts";
import type { Call, SendOutcome } from "./l1-transactions.ts";

const REGISTRY: Hex = `0x${"a1".repeat(20)}`;
const KEY: Hex = `0x${"0b".repeat(20)}`;
const INCLUDED: SendOutcome = { kind: "included", hash: `0x${"11".repeat(32)}`, gasUsed: 41_000n };

/** What the registry answers for a key whose noted version is `noted`, while the policy is at `current`. */
function answer(data: Hex, noted: bigint, current: bigint): Hex {
  const zero = `0x${"00".repeat(32)}` as const;
  const { functionName } = decodeFunctionData({ abi: proverRegistryAbi, data });
  if (functionName === "currentPolicyVersion")
    return encodeFunctionResult({ abi: proverRegistryAbi, functionName, result: current });
  if (functionName !== "prover") return assert.fail(functionName);
  const result = {
    kind: 1,
    ending: 0,
    bondState: 1,
    tcbStatus: 0,
    policyVersion: noted,
    registeredAt: 1n,
    expiresAt: 2n,
    measurement: zero,
    platformId: zero,
    endedAt: 0n,
    tcbEvaluation: 0,
    beneficiary: zeroAddress,
    bond: 0n,
    registrant: zeroAddress,
    advisories: zero,
    evidenceHash: zero,
    certificates: [],
    deviceIds: [],
  };
  return encodeFunctionResult({ abi: proverRegistryAbi, functionName, result });
}

async function affirmed(noted: bigint, current: bigint, outcome: SendOutcome = INCLUDED) {
  const sent: Call[] = [];
  const client = createPublicClient({
    transport: custom({
      request: async ({ method, params }: { method: string; params: readonly [{ data: Hex }] }) =>
        method === "eth_call" ? answer(params[0].data, noted, current) : numberToHex(900),
    }),
  });
  const transactions = {
    send: async (call: Call) => {
      sent.push(call);
      return outcome;
    },
  };
  return { result: await affirmKey(KEY, { client, transactions, registry: REGISTRY }), sent };
}

describe("affirmKey", () => {
  it("sends nothing while the registry has noted the newest policy", async () => {
    assert.deepEqual(await affirmed(4n, 4n), { result: undefined, sent: [] });
  });

  it("affirms the key once the policy has changed", async () => {
    const { result, sent } = await affirmed(4n, 5n);
    assert.deepEqual(result, INCLUDED);
    assert.equal(sent.length, 1);
    const [call] = sent;
    assert.equal(call?.to, REGISTRY);
    const { functionName, args } = decodeFunctionData({ abi: proverRegistryAbi, data: call?.data ?? "0x" });
    assert.equal(functionName, "affirm");
    assert.equal(String(args?.[0]).toLowerCase(), KEY);
  });

  it("tells a refusal, which is the registry's to make", async () => {
    const refused: SendOutcome = { kind: "refused", reason: "AttestationPolicy_NotAllowed" };
    assert.deepEqual((await affirmed(4n, 5n, refused)).result, refused);
  });
});
