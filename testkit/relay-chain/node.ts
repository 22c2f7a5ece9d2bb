import { concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";
import { encodeHeader, type SubstrateHeader } from "@phala-l2/protocol/substrate/header";
import { encodeByteString, encodeCompact, encodeUnsigned } from "@phala-l2/protocol/substrate/scale";
import type { Answer } from "../relayer/json-rpc-server.ts";
import {
  type DangerouslySimulatedRelayChain,
  encodeAuthorities,
  justificationOf,
  type RelayBlock,
} from "./relay-chain.ts";

/** What a hostile node's proofs of finality are made of in place of the truth. */
export type FinalityLie = {
  /** Which block is said to be the last one of a height's set. */
  readonly justified?: (height: number, honest: RelayBlock) => RelayBlock;
  /** Its votes. */
  readonly votes?: (block: RelayBlock) => Uint8Array;
};

/** As `chain_getHeader` answers it. */
export function headerJson({
  parentHash,
  number,
  stateRoot,
  extrinsicsRoot,
  digest,
}: SubstrateHeader): object {
  return {
    parentHash: toHex(parentHash),
    number: `0x${number.toString(16)}`,
    stateRoot: toHex(stateRoot),
    extrinsicsRoot: toHex(extrinsicsRoot),
    digest: { logs: digest.map(toHex) },
  };
}

/** `grandpa_proveFinality`: SCALE of the block's hash, its justification, and the headers up to it. */
function finalityProof(
  chain: DangerouslySimulatedRelayChain,
  height: number,
  { justified, votes }: FinalityLie,
): string {
  if (!chain.has(height)) throw new RangeError("Block not yet finalized");
  const honest = chain.lastOf(chain.at(height).set);
  const block = justified?.(height, honest) ?? honest;
  const proof = votes?.(block) ?? justificationOf(block, block.set);
  const above: Uint8Array[] = [];
  for (let at = height + 1; at <= Number(block.header.number); at++) {
    above.push(encodeHeader(chain.at(at).header));
  }
  return toHex(concatBytes(block.hash, encodeByteString(proof), encodeCompact(above.length), ...above));
}

function callResult(name: unknown, { next }: RelayBlock): string {
  switch (name) {
    case "GrandpaApi_current_set_id":
      return toHex(encodeUnsigned(next.id, 8));
    case "GrandpaApi_grandpa_authorities":
      return toHex(encodeAuthorities(next));
    default:
      throw new RangeError(`no runtime function ${String(name)}`);
  }
}

function storageKeys(keys: unknown): readonly Uint8Array[] {
  return Array.isArray(keys) ? keys.map((key) => fromHex(String(key))) : [];
}

/** A relay chain's JSON-RPC, as far as finality is collected from it. */
export function relayChainAnswers(chain: DangerouslySimulatedRelayChain, lie: FinalityLie = {}): Answer {
  return async (method, [first, second, third]) => {
    switch (method) {
      case "chain_getBlockHash":
        return chain.has(Number(first)) ? toHex(chain.at(Number(first)).hash) : null;
      case "chain_getFinalizedHead":
        return toHex(chain.newest.hash);
      case "chain_getHeader":
        return headerJson(chain.byHash(first).header);
      case "state_getReadProof":
        return { at: second, proof: chain.byHash(second).state.prove(storageKeys(first)).map(toHex) };
      case "state_call":
        return callResult(first, chain.byHash(third));
      case "grandpa_proveFinality":
        return finalityProof(chain, Number(first), lie);
      default:
        throw new RangeError(`no method ${method}`);
    }
  };
}
