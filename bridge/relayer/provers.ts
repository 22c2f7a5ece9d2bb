import { addressFromHex, fromHex, type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { endpointName } from "@phala-l2/protocol/endpoint";
import { isRollupError } from "@phala-l2/protocol/errors";
import { fieldOf } from "@phala-l2/protocol/json-record";
import type { Log } from "@phala-l2/protocol/log";
import { contractSigner } from "@phala-l2/protocol/secp256k1";
import type { ReleaseWitnessJson } from "@phala-l2/swap/witness-json";
import { type Ask, jsonRpc } from "../json-rpc.ts";
import type { RecordedSignature } from "./journal.ts";

/** A prover proves finality with the release, and may have to wait for it. */
const PROVER_TIMEOUT_MS = 60_000;

/** Which release is asked about, and by which settings. */
export type AboutRelease = { readonly settingsHash: Hash; readonly digest: Hash; readonly log: Log };

export type ProverEndpoint = { readonly name: string; readonly ask: Ask };

export function proverEndpoints(urls: readonly string[]): readonly ProverEndpoint[] {
  return urls.map((url) => ({ name: endpointName(url), ask: jsonRpc(url, PROVER_TIMEOUT_MS) }));
}

/** The signature that an answer holds, if it is the named key's over the digest. */
function signatureOf(answer: unknown, digest: Hash): RecordedSignature | undefined {
  const [key, signature] = [fieldOf(answer, "key"), fieldOf(answer, "signature")];
  if (typeof key !== "string" || typeof signature !== "string") return undefined;
  try {
    const signer = contractSigner(digest, fromHex(signature));
    if (signer === undefined || toHex(signer) !== toHex(addressFromHex(key))) return undefined;
    return { key: toHex(signer), signature: toHex(fromHex(signature)) };
  } catch (error) {
    if (isRollupError(error)) return undefined;
    throw error;
  }
}

/**
 * Asks all provers for their signatures over one release. Each judges for itself from the witness, and from proofs that its blocks are
 * final where the settings want them; what is no signature over this digest is left out, whoever sent it.
 */
export async function askProvers(
  endpoints: readonly ProverEndpoint[],
  { witness, finality }: { readonly witness: ReleaseWitnessJson; readonly finality: readonly Hex[] },
  { settingsHash, digest, log }: AboutRelease,
): Promise<readonly RecordedSignature[]> {
  const shown = finality.length === 0 ? {} : { finality };
  const request = { settingsHash: toHex(settingsHash), ...witness, ...shown };
  const answers = await Promise.all(
    endpoints.map(async ({ name, ask }) => {
      try {
        const found = signatureOf(await ask("tee_signRelease", [request]), digest);
        if (found === undefined)
          log.warn({ prover: name }, "a prover answers with no signature over this release");
        return found;
      } catch (error) {
        if (!isRollupError(error)) throw error;
        log.warn({ prover: name, error: error.message }, "a prover does not sign");
        return undefined;
      }
    }),
  );
  return answers.filter((answer) => answer !== undefined);
}
