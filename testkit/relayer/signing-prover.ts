import { type addressFromHex, type Hash, toHex } from "@phala-l2/protocol/bytes";
import { addressOfKey, contractSignature, signDigest } from "@phala-l2/protocol/secp256k1";
import { releaseDigest, swapSettingsHash } from "@phala-l2/protocol/swap-release";
import type { ReleaseJudge } from "@phala-l2/swap/release";
import { parseReleaseWitness, releaseJson } from "@phala-l2/swap/witness-json";
import { type JsonRpcServer, serveJsonRpc } from "./json-rpc-server.ts";

/** A key in this process, which signs what its judge finds to be owed, as an enclave does. */
export type ProverKey = {
  readonly privateKey: Uint8Array;
  readonly address: ReturnType<typeof addressFromHex>;
};

export function proverKey(fill: number): ProverKey {
  const privateKey = new Uint8Array(32).fill(fill);
  return { privateKey, address: addressOfKey(privateKey) };
}

export async function signWith({ privateKey }: ProverKey, digest: Hash): Promise<Uint8Array> {
  return contractSignature(signDigest(digest, privateKey));
}

/**
 * `tee_signRelease` of a prover whose finality is that of the chain it is given.
 * @param judgeNow By what it judges at that moment
 */
export function serveProver(key: ProverKey, judgeNow: () => Promise<ReleaseJudge>): Promise<JsonRpcServer> {
  return serveJsonRpc(async (method, [given]) => {
    const judge = await judgeNow();
    const settingsHash = swapSettingsHash(judge.settings);
    if (method !== "tee_signRelease") throw new RangeError(`no method ${method}`);
    const witness = parseReleaseWitness(given);
    if (witness === undefined) throw new RangeError("no witness");
    const judged = judge.releaseOf(witness);
    if (judged.kind === "refused") throw new RangeError(judged.reason);
    const signature = await signWith(key, releaseDigest(judge.domain, settingsHash, judged.release));
    return { key: toHex(key.address), signature: toHex(signature), release: releaseJson(judged.release) };
  });
}
