import { quantityHex } from "./format/hex.ts";
import { method0, type RpcMethods } from "./method.ts";
import { result } from "./reply.ts";

/** The chain's id in decimal, and the gossip network's size; `peerCount` is undefined without a network. */
export function netMethods(chainId: bigint, peerCount: (() => number) | undefined): RpcMethods {
  return {
    net_version: method0(() => result(chainId.toString())),
    net_listening: method0(() => result(peerCount !== undefined)),
    net_peerCount: method0(() => result(quantityHex(peerCount?.() ?? 0))),
  };
}
