import { quantityHex } from "@phala-l2/node/rpc/format/hex";
import { method0, method1, type RpcMethods, required } from "@phala-l2/node/rpc/method";
import { type BlockTag, blockNumber, invalid, ok, type Parse } from "@phala-l2/node/rpc/parameters";
import { failure, LIMIT_EXCEEDED, type Reply, result, SERVER_ERROR } from "@phala-l2/node/rpc/reply";
import type { PolicyRules } from "../registry/policy-rules.ts";
import type { Coverage, ProofStatus } from "../registry/proof-status.ts";
import type { Remembered } from "./remembered.ts";

export type SettlementView = {
  readonly policy: () => Promise<Remembered<PolicyRules>>;
  readonly coverage: (block: bigint) => Promise<Remembered<Coverage>>;
  /** Number of the L2 block that a tag names, by the prover's own node. */
  readonly numberOf: (tag: BlockTag) => bigint;
};

/** A number or a tag, as `eth_*` takes them where no hash is taken. */
const numberOrTag: Parse<bigint | BlockTag> = (value) => {
  const read = blockNumber(value);
  if (read.kind === "invalid") return read;
  switch (read.value.kind) {
    case "number":
      return ok(read.value.number);
    case "tag":
      return ok(read.value.tag);
    case "hash":
      return invalid("invalid hex string");
  }
};

type Headed = {
  heads(): Readonly<Record<"unsafe" | "safe" | "finalized", { readonly number: bigint }>>;
};

/** Heads of the prover's own node: it derives from L1 alone, so that `latest` is the newest that it has derived. */
export function numberOfTag(tag: BlockTag, chain: Headed, genesis: bigint): bigint {
  const { unsafe, safe, finalized } = chain.heads();
  const numbers: Readonly<Record<BlockTag, bigint>> = {
    latest: unsafe.number,
    pending: unsafe.number,
    safe: safe.number,
    finalized: finalized.number,
    earliest: genesis,
  };
  return numbers[tag];
}

function policyJson(rules: PolicyRules): object {
  const { policy, version, leastVersion, leastVersionOf, keyLifetime, minimumTcbEvaluation } = rules;
  const { minimumTcb, minimumGpus } = rules;
  const { acceptsPresenceOnly, platformsListed, nullifiedVendors, bond } = rules;
  return {
    policy,
    version: quantityHex(version),
    leastVersion: quantityHex(leastVersion),
    leastVersionOf: Object.fromEntries(
      Object.entries(leastVersionOf).map(([vendor, least]) => [vendor, quantityHex(least)]),
    ),
    keyLifetime: quantityHex(keyLifetime),
    minimumTcbEvaluation: quantityHex(minimumTcbEvaluation),
    minimumTcb: { genoa: quantityHex(minimumTcb.genoa), turin: quantityHex(minimumTcb.turin) },
    minimumGpus: quantityHex(minimumGpus),
    acceptsPresenceOnly,
    platformsListed,
    nullifiedVendors,
    bond: quantityHex(bond),
  };
}

function gameJson({ resolvedAt, supporters, ...game }: ProofStatus): object {
  return {
    ...game,
    l2BlockNumber: quantityHex(game.l2BlockNumber),
    createdAt: quantityHex(game.createdAt),
    resolvedAt: resolvedAt === undefined ? null : quantityHex(resolvedAt),
    supporters: supporters.map((each) => ({ ...each, provedAt: quantityHex(each.provedAt) })),
    hostVendors: quantityHex(game.hostVendors),
    wantedHostVendors: quantityHex(game.wantedHostVendors),
  };
}

function coverageReply(coverage: Coverage): Reply {
  switch (coverage.kind) {
    case "covered":
      return result(coverage.games.map(gameJson));
    case "none":
      return result(null);
    case "too-old": {
      const words = `the newest games begin after block ${coverage.oldest}; older ones are not looked at`;
      return failure(LIMIT_EXCEEDED, words);
    }
  }
}

function replyOf<Value>(answer: Remembered<Value>, format: (value: Value) => Reply): Reply {
  switch (answer.kind) {
    case "answer":
      return format(answer.value);
    case "silent":
      return failure(SERVER_ERROR, "L1 gives no answer");
    case "busy":
      return failure(LIMIT_EXCEEDED, "too many blocks were asked about; ask again later");
  }
}

/** What the contracts on L1 say, told by a prover: anybody may read it there. */
export function settlementMethods({ policy, coverage, numberOf }: SettlementView): RpcMethods {
  return {
    tee_policy: method0(async () => replyOf(await policy(), (rules) => result(policyJson(rules)))),
    tee_proofStatus: method1(required(numberOrTag), async (block) =>
      replyOf(await coverage(typeof block === "bigint" ? block : numberOf(block)), coverageReply),
    ),
  };
}
