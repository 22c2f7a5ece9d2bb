import { executionFork, includes } from "@phala-l2/execution/block/fork";
import type { SealedBlock } from "@phala-l2/execution/block/sealed-block";
import { bytesEqual, type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import type { DrivenEngine } from "../engine/driven-engine.ts";
import { quantityHex } from "../rpc/format/hex.ts";
import { objectWith, type ValueOf } from "../rpc/json-object.ts";
import {
  method1,
  method2,
  method3,
  method4,
  optional,
  type RpcMethod,
  type RpcMethods,
  required,
} from "../rpc/method.ts";
import { anything, arrayOf, data, hash, invalid, ok, type Parse, quantity, text } from "../rpc/parameters.ts";
import { failure, INVALID_PARAMS, type Reply, result } from "../rpc/reply.ts";
import {
  blockOfPayload,
  type ExecutionPayload,
  executionPayload,
  executionPayloadJson,
} from "./execution-payload.ts";
import { type GivenAttributes, givenAttributes, readAttributes } from "./payload-attributes.ts";
import { bodyMethods } from "./payload-bodies.ts";
import type { PayloadBuilds } from "./payload-builds.ts";
import { payloadId } from "./payload-id.ts";
import { engineFailure, invalidStatus, statusJson } from "./replies.ts";

export type EngineApiParts = {
  readonly engine: DrivenEngine;
  readonly builds: PayloadBuilds;
  /** Of this program. */
  readonly version: string;
};

const forkchoiceState = objectWith(
  "engine.ForkchoiceStateV1",
  { headBlockHash: hash, safeBlockHash: hash, finalizedBlockHash: hash },
  {},
);
type ForkchoiceState = ValueOf<typeof forkchoiceState>;

const ID_LENGTH = 8;
const identifier: Parse<Hex> = (value) => {
  const read = data(value);
  if (read.kind === "invalid") return read;
  return read.value.length === ID_LENGTH ? ok(toHex(read.value)) : invalid("a payload id has 8 bytes");
};

/** Versioned hashes and requests that are looked at; any at all make a payload invalid on an L2. */
const MAX_EXTRAS = 4096;
const versionedHashes = arrayOf(hash, MAX_EXTRAS, "[]common.Hash");
const executionRequests = arrayOf(data, MAX_EXTRAS, "[]hexutil.Bytes");
/** Method names that a client may list. */
const MAX_CAPABILITIES = 1024;

/** Two letters that no other client has reserved (execution-apis identification.md). */
const CLIENT_CODE = "PH";
/** The first bytes of the commit that was built; it is not known to a program that runs from its sources. */
const CLIENT_COMMIT = "00000000";

/** The engine namespace. It must only be served where every caller has proven to know the secret. */
export function engineMethods(parts: EngineApiParts): RpcMethods {
  const { engine, version } = parts;
  const methods: RpcMethods = {
    ...newPayloadMethods(engine),
    ...forkchoiceMethods(parts),
    ...getPayloadMethods(parts),
    ...bodyMethods(engine.chain),
    engine_getClientVersionV1: method1(required(anything), () =>
      result([{ code: CLIENT_CODE, name: "phala-l2", version: `v${version}`, commit: CLIENT_COMMIT }]),
    ),
  };
  const capabilities = Object.keys(methods);
  return {
    ...methods,
    engine_exchangeCapabilities: method1(required(arrayOf(text, MAX_CAPABILITIES, "[]string")), () =>
      result(capabilities),
    ),
    ...minerMethods(parts.builds),
  };
}

/**
 * What a batcher that is behind asks of whoever builds blocks. Zero means no limit. It must only be served to the
 * operator: who calls it can keep users' transactions out of blocks. Source: op-geth's miner API.
 */
export function minerMethods(builds: PayloadBuilds): RpcMethods {
  const limit = (value: bigint) => (value === 0n ? Number.POSITIVE_INFINITY : Number(value));
  return {
    miner_setMaxDASize: method2(required(quantity), required(quantity), (transaction, block) => {
      builds.setLimits({ transactionBytes: limit(transaction), blockBytes: limit(block) });
      return result(true);
    }),
  };
}

type Extras = {
  readonly beaconRoot?: Hash;
  readonly hashes?: readonly Hash[];
  readonly requests?: readonly Uint8Array[];
};

function newPayloadMethods(engine: DrivenEngine): RpcMethods {
  const { config } = engine.chain;
  const give = async (payload: ExecutionPayload, version: 1 | 2 | 3 | 4, extras: Extras): Promise<Reply> => {
    const refusal = versionFault(config, payload, version);
    if (refusal !== undefined) return refusal;
    // On an L2 no transaction carries blobs and no block has requests (specs exec-engine.md engine_newPayloadV3, V4).
    if ((extras.hashes?.length ?? 0) > 0) return result(invalidStatus("an L2 payload has no blobs"));
    if ((extras.requests?.length ?? 0) > 0) return result(invalidStatus("an L2 payload has no requests"));
    const read = blockOfPayload(config, payload, extras.beaconRoot);
    if (read.kind === "invalid") return result(invalidStatus(read.reason));
    return result(statusJson(await engine.newPayload(read.block, payload.blockHash)));
  };
  return {
    engine_newPayloadV1: method1(required(executionPayload), (payload) => give(payload, 1, {})),
    engine_newPayloadV2: method1(required(executionPayload), (payload) => give(payload, 2, {})),
    engine_newPayloadV3: method3(
      required(executionPayload),
      required(versionedHashes),
      required(hash),
      (payload, hashes, beaconRoot) => give(payload, 3, { hashes, beaconRoot }),
    ),
    engine_newPayloadV4: method4(
      required(executionPayload),
      required(versionedHashes),
      required(hash),
      required(executionRequests),
      (payload, hashes, beaconRoot, requests) => give(payload, 4, { hashes, beaconRoot, requests }),
    ),
  };
}

function wrongFields(why: string): Reply {
  return failure(INVALID_PARAMS, "Invalid parameters", { err: why });
}

/**
 * Whether the method's version has these fields and is for this time: fields first, as geth.
 * Source: execution-apis shanghai.md, cancun.md, prague.md, with Canyon for Shanghai, Ecotone for Cancun, Isthmus
 * for Prague.
 */
function versionFault(
  config: Pick<RollupConfig, "forks">,
  { withdrawals, blobGasUsed, excessBlobGas, timestamp }: ExecutionPayload,
  version: 1 | 2 | 3 | 4,
): Reply | undefined {
  if (version === 1 && withdrawals !== undefined) return wrongFields("withdrawals not supported in V1");
  if (version < 3 && (blobGasUsed !== undefined || excessBlobGas !== undefined)) {
    return wrongFields(`blob gas not supported in V${version}`);
  }
  if (version >= 3) {
    if (withdrawals === undefined) return wrongFields("nil withdrawals post-shanghai");
    if (excessBlobGas === undefined) return wrongFields("nil excessBlobGas post-cancun");
    if (blobGasUsed === undefined) return wrongFields("nil blobGasUsed post-cancun");
  }
  if (!isActive(config, "holocene", timestamp)) {
    return engineFailure("unsupportedFork", "blocks before Holocene are not executed here");
  }
  const isIsthmus = includes(executionFork(config, timestamp), "isthmus");
  const wanted = isIsthmus ? 4 : 3;
  if (version === wanted) return undefined;
  return engineFailure(
    "unsupportedFork",
    `newPayloadV${version} can not be used at this time, use V${wanted}`,
  );
}

function forkchoiceMethods({ engine, builds }: EngineApiParts): RpcMethods {
  const { config } = engine.chain;

  async function startBuild(head: Hash, given: GivenAttributes, version: 1 | 2 | 3): Promise<Hex | Reply> {
    const read = readAttributes(config, given, version);
    if (read.kind === "unsupported-fork") return engineFailure("unsupportedFork", read.reason);
    if (read.kind === "invalid") return engineFailure("invalidAttributes", read.reason);
    const id = payloadId(head, given, version);
    const { attributes } = read;
    const start = await builds.start({ id, attributes, parent: head, noTxPool: given.noTxPool ?? false });
    if (start.kind === "started") return id;
    const { reason, transaction, detail } = start;
    const where = transaction === undefined ? "" : ` (transaction ${transaction})`;
    return engineFailure(
      "invalidAttributes",
      `${reason}${where}${detail === undefined ? "" : `: ${detail}`}`,
    );
  }

  async function update(
    { headBlockHash, safeBlockHash, finalizedBlockHash }: ForkchoiceState,
    given: GivenAttributes | undefined,
    version: 1 | 2 | 3,
  ): Promise<Reply> {
    // op-geth: no head at all is an invalid one.
    if (isZero(headBlockHash)) return result({ payloadStatus: invalidStatus(null), payloadId: null });
    const verdict = await engine.setForkchoice({
      head: headBlockHash,
      safe: isZero(safeBlockHash) ? undefined : safeBlockHash,
      finalized: isZero(finalizedBlockHash) ? undefined : finalizedBlockHash,
    });
    if (verdict.kind === "refused") return engineFailure("invalidForkchoice", verdict.reason);
    const payloadStatus = statusJson(verdict);
    if (verdict.kind !== "valid" || given === undefined) return result({ payloadStatus, payloadId: null });
    // paris.md, engine_forkchoiceUpdatedV1 point 7: attributes that are wrong do not undo the forkchoice.
    const started = await startBuild(headBlockHash, given, version);
    return typeof started === "string" ? result({ payloadStatus, payloadId: started }) : started;
  }

  const method = (version: 1 | 2 | 3): RpcMethod =>
    method2(
      required(forkchoiceState),
      optional<GivenAttributes | undefined>(givenAttributes, undefined),
      (state, given) => update(state, given, version),
    );
  return {
    engine_forkchoiceUpdatedV1: method(1),
    engine_forkchoiceUpdatedV2: method(2),
    engine_forkchoiceUpdatedV3: method(3),
  };
}

function isZero(value: Hash): boolean {
  return bytesEqual(value, ZERO_HASH);
}

/** Of engine_getPayload. */
type PayloadVersion = 1 | 2 | 3 | 4 | 5;

function getPayloadMethods({ engine, builds }: EngineApiParts): RpcMethods {
  const { config } = engine.chain;
  const method = (version: PayloadVersion): RpcMethod =>
    method1(required(identifier), async (id) => {
      const sealed = await builds.get(id);
      if (sealed === undefined) return engineFailure("unknownPayload");
      if (!isVersionOf(config, sealed, version)) {
        return engineFailure("unsupportedFork", `getPayloadV${version} is not for a block of this time`);
      }
      return result(envelopeJson(sealed, version));
    });
  return {
    engine_getPayloadV1: method(1),
    engine_getPayloadV2: method(2),
    engine_getPayloadV3: method(3),
    engine_getPayloadV4: method(4),
    engine_getPayloadV5: method(5),
  };
}

/** op-node asks with V4 from Isthmus on, Karst included; V5 is Osaka's, which Karst has. */
function isVersionOf(
  config: Pick<RollupConfig, "forks">,
  { block }: SealedBlock,
  version: PayloadVersion,
): boolean {
  const fork = executionFork(config, block.header.timestamp);
  if (version === 5) return includes(fork, "karst");
  return version === (includes(fork, "isthmus") ? 4 : 3);
}

/** Source: specs/protocol/exec-engine.md engine_getPayloadV3 "Extended Response"; execution-apis prague.md. */
function envelopeJson(sealed: SealedBlock, version: PayloadVersion): object {
  const { header } = sealed.block;
  return {
    executionPayload: executionPayloadJson(sealed.block, sealed.hash),
    blockValue: quantityHex(priorityFees(sealed)),
    blobsBundle: { commitments: [], proofs: [], blobs: [] },
    shouldOverrideBuilder: false,
    parentBeaconBlockRoot: toHex(header.parentBeaconBlockRoot ?? ZERO_HASH),
    ...(version >= 4 && { executionRequests: [] }),
  };
}

/** Wei; deposits pay none. Source: execution-apis shanghai.md engine_getPayloadV2. */
function priorityFees({ block, transactions }: SealedBlock): bigint {
  const baseFee = block.header.baseFeePerGas ?? 0n;
  return transactions.reduce((sum, { effectiveGasPrice, gasUsed }) => {
    return effectiveGasPrice > baseFee ? sum + (effectiveGasPrice - baseFee) * gasUsed : sum;
  }, 0n);
}
