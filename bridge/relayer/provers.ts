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

/** A key and a signature; or a refusal in words. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** Milliseconds from which on a prover that did not sign has held up the others' releases; a busy one may need some. */
const LONG_MS = 20_000;
/** It then rests so many times as long: whoever does not answer takes a quarter of the relayer's time at most. */
const REST_FACTOR = 4;

/** A prover; one that took long and did not sign rests for a while. A class because it keeps until when. */
export class ProverEndpoint {
  readonly name: string;
  readonly #ask: Ask;
  readonly #clock: () => number;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** @param clock Milliseconds that only grow. */
  constructor(name: string, ask: Ask, clock: () => number = () => performance.now()) {
    this.name = name;
    this.#ask = ask;
    this.#clock = clock;
  }

  get isResting(): boolean {
    return this.#clock() < this.#restsUntil;
  }

  /**
   * Its signature over the digest, or undefined when it answers with none.
   * @throws RollupError RPC_UNREACHABLE, RPC_REFUSED
   */
  async sign(request: object, digest: Hash): Promise<RecordedSignature | undefined> {
    const start = this.#clock();
    let found: RecordedSignature | undefined;
    try {
      found = signatureOf(await this.#ask("tee_signRelease", [request]), digest);
      return found;
    } finally {
      const now = this.#clock();
      if (found === undefined && now - start >= LONG_MS) this.#restsUntil = now + REST_FACTOR * (now - start);
    }
  }
}

export function proverEndpoints(urls: readonly string[]): readonly ProverEndpoint[] {
  return urls.map(
    (url) => new ProverEndpoint(endpointName(url), jsonRpc(url, PROVER_TIMEOUT_MS, MAX_ANSWER_BYTES)),
  );
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
 * final where the settings want them; what is no signature over this digest is left out, whoever sent it. Who rests is not asked.
 */
export async function askProvers(
  endpoints: readonly ProverEndpoint[],
  { witness, finality }: { readonly witness: ReleaseWitnessJson; readonly finality: readonly Hex[] },
  { settingsHash, digest, log }: AboutRelease,
): Promise<readonly RecordedSignature[]> {
  const shown = finality.length === 0 ? {} : { finality };
  const request = { settingsHash: toHex(settingsHash), ...witness, ...shown };
  const answers = await Promise.all(
    endpoints.map(async (endpoint) => {
      const { name, isResting } = endpoint;
      if (isResting) return undefined;
      try {
        const found = await endpoint.sign(request, digest);
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
