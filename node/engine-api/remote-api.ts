import type { L2BlockFacts } from "@phala-l2/derivation/l2-chain-reader";
import { type Hash, type Hex, toHex, ZERO_HASH } from "@phala-l2/protocol/bytes";
import { isActive, type RollupConfig } from "@phala-l2/protocol/config/rollup";
import { RollupError } from "@phala-l2/protocol/errors";
import { L2_TO_L1_MESSAGE_PASSER } from "@phala-l2/protocol/predeploys";
import type { Block } from "@phala-l2/protocol/wire/block";
import type { PayloadAttributes } from "@phala-l2/protocol/wire/payload-attributes";
import { RpcFields } from "../l1/rpc-fields.ts";
import { quantityHex } from "../rpc/format/hex.ts";
import { type EngineClient, invalidEngineData, isCallRefusal } from "./engine-client.ts";
import { blockOfPayload, executionPayload, executionPayloadJson } from "./execution-payload.ts";
import { attributesJson } from "./payload-attributes.ts";
import { readRemoteBlock } from "./remote-block.ts";
import { engineErrorCode } from "./replies.ts";

export type RemoteHeads = { readonly unsafe: Hash; readonly safe: Hash; readonly finalized: Hash };

/** What an engine said of a block or of attributes. */
export type RemoteVerdict =
  | { readonly kind: "valid"; readonly payloadId: Hex | undefined }
  | { readonly kind: "invalid"; readonly reason: string };

/** The engine's labels, and ours for the same heads. */
export type RemoteLabel = "latest" | "safe" | "finalized";

/** The calls that op-node makes, with values instead of JSON. All throw what `EngineClient.call` throws. */
export interface RemoteApi {
  chainId(): Promise<bigint>;
  /** Undefined when the engine has no such block, or has not been told of that head yet. */
  block(which: bigint | Hash | RemoteLabel): Promise<L2BlockFacts | undefined>;
  /** Storage root of the message passer after a block; before Isthmus the header does not have it. */
  messagePasserRoot(number: bigint): Promise<Hash>;
  /** @throws RollupError ENGINE_SYNCING, ENGINE_FORKCHOICE_REFUSED */
  forkchoice(heads: RemoteHeads, attributes?: PayloadAttributes): Promise<RemoteVerdict>;
  /** The block that was built; its hash is that of its content. */
  payload(id: Hex, attributes: PayloadAttributes): Promise<Block>;
  /** @throws RollupError ENGINE_SYNCING */
  newPayload(block: Block, hash: Hash): Promise<RemoteVerdict>;
}

export function createRemoteApi(config: RollupConfig, client: EngineClient): RemoteApi {
  const isIsthmus = (timestamp: bigint) => isActive(config, "isthmus", timestamp);
  return {
    chainId: () =>
      client.call("eth_chainId", [], (value) => new RpcFields({ value }, "answer").quantity("value")),

    async block(which) {
      const read = (value: unknown) =>
        readRemoteBlock(config, value, typeof which === "string" ? undefined : which);
      try {
        if (typeof which === "string") return await client.call("eth_getBlockByNumber", [which, true], read);
        return typeof which === "bigint"
          ? await client.call("eth_getBlockByNumber", [quantityHex(which), true], read)
          : await client.call("eth_getBlockByHash", [toHex(which), true], read);
      } catch (error) {
        // geth answers with an error for a label that it has not been told of yet.
        if (typeof which === "string" && isCallRefusal(error)) return undefined;
        throw error;
      }
    },

    messagePasserRoot: (number) =>
      client.call("eth_getProof", [toHex(L2_TO_L1_MESSAGE_PASSER), [], quantityHex(number)], (value) =>
        new RpcFields(value, "proof").hash("storageHash"),
      ),

    async forkchoice({ unsafe, safe, finalized }, attributes) {
      const state = {
        headBlockHash: toHex(unsafe),
        safeBlockHash: toHex(safe),
        finalizedBlockHash: toHex(finalized),
      };
      const given = attributes === undefined ? null : attributesJson(config, attributes);
      try {
        return await client.call("engine_forkchoiceUpdatedV3", [state, given], readForkchoice);
      } catch (error) {
        if (!isCallRefusal(error)) throw error;
        const code = error.data?.code;
        // holocene/derivation.md "Engine Queue": attributes that the engine refuses get their deposits alone.
        if (code === engineErrorCode("invalidAttributes")) return { kind: "invalid", reason: error.message };
        if (code === engineErrorCode("invalidForkchoice")) throw forkchoiceRefused(error.message, error);
        throw error;
      }
    },

    async payload(id, attributes) {
      const method = isIsthmus(attributes.timestamp) ? "engine_getPayloadV4" : "engine_getPayloadV3";
      return client.call(method, [id], (value) =>
        readEnvelope(config, value, attributes.parentBeaconBlockRoot),
      );
    },

    newPayload(block, hash) {
      const payload = executionPayloadJson(block, hash);
      const root = toHex(block.header.parentBeaconBlockRoot ?? ZERO_HASH);
      return isIsthmus(block.header.timestamp)
        ? client.call("engine_newPayloadV4", [payload, [], root, []], readStatus)
        : client.call("engine_newPayloadV3", [payload, [], root], readStatus);
    },
  };
}

function forkchoiceRefused(why: string, cause?: unknown): RollupError<"ENGINE_FORKCHOICE_REFUSED"> {
  const message = `the engine does not take this node's heads: ${why}`;
  return new RollupError("ENGINE_FORKCHOICE_REFUSED", message, { cause });
}

function readForkchoice(value: unknown): RemoteVerdict {
  const fields = new RpcFields(value, "forkchoice");
  const status = readStatus(fields.raw("payloadStatus"));
  if (status.kind === "invalid") return status;
  const id = fields.optional("payloadId", (from, name) => from.fixed(name, 8));
  return { kind: "valid", payloadId: id && toHex(id) };
}

function readStatus(value: unknown): RemoteVerdict {
  const fields = new RpcFields(value, "payload status");
  const status = fields.raw("status");
  switch (status) {
    case "VALID":
      return { kind: "valid", payloadId: undefined };
    case "INVALID":
    case "INVALID_BLOCK_HASH":
      return { kind: "invalid", reason: String(fields.raw("validationError")).slice(0, 500) };
    case "SYNCING":
    case "ACCEPTED": {
      const message = `the engine says ${status}: it does not have the blocks that it is told of; waiting for it`;
      throw new RollupError("ENGINE_SYNCING", message);
    }
    default:
      throw invalidEngineData(`the status ${String(status).slice(0, 40)}`);
  }
}

function readEnvelope(config: RollupConfig, value: unknown, beaconRoot: Hash): Block {
  const payload = executionPayload(new RpcFields(value, "envelope").raw("executionPayload"));
  if (payload.kind === "invalid") throw invalidEngineData(payload.words);
  const read = blockOfPayload(config, payload.value, beaconRoot);
  if (read.kind === "ok") return read.block;
  throw invalidEngineData(read.reason);
}
