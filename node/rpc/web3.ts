import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { method0, method1, type RpcMethods, required } from "./method.ts";
import { data } from "./parameters.ts";
import { result } from "./reply.ts";

/** `clientVersion` as geth writes it: name/version/system/runtime. */
export function web3Methods(clientVersion: string): RpcMethods {
  return {
    web3_clientVersion: method0(() => result(clientVersion)),
    web3_sha3: method1(required(data), (bytes) => result(toHex(keccak256(bytes)))),
  };
}
