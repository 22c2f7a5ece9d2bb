import { type Hash, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { endpointName } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { contractSigner } from "@phala-l2/protocol/secp256k1";
import { type SunsetDomain, type SunsetStatement, sunsetDigest } from "@phala-l2/protocol/sunset-statement";
import { jsonRpc } from "../../json-rpc.ts";
import { readSunsetAnswer, type SunsetAnswer } from "./sunset-json.ts";

/** A count of a million accounts takes minutes. */
const POLL_MS = 2_000;
const TIMEOUT_MS = 30_000;
/** Longest time without a statement: a prover that is asked anew after a refusal waits a minute. */
export const COLLECT_MS = 30 * 60_000;

/** What the contract says that a statement must be judged by. */
export type SunsetTerms = { readonly domain: SunsetDomain; readonly settingsHash: Hash };

export type CollectedSignature = { readonly endpoint: string; readonly key: Hex; readonly signature: Hex };

export type Collected = {
  readonly statement: SunsetStatement;
  readonly signatures: readonly CollectedSignature[];
};

export type CollectOptions = {
  readonly signal?: AbortSignal;
  /** Told of each endpoint's progress. */
  readonly onProgress?: (endpoint: string, answer: SunsetAnswer) => void;
  readonly wait?: (ms: number) => Promise<void>;
};

type Signed = Extract<SunsetAnswer, { readonly kind: "signed" }>;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function failed(endpoint: string, why: string): RollupError<"SUNSET_UNSIGNED"> {
  return new RollupError("SUNSET_UNSIGNED", `${endpoint} ${why}`, { data: { endpoint } });
}

/** Whether the key made the signature over that statement, for that contract. */
export function isSignedBy(
  { key, signature, settingsHash, statement }: Signed,
  { domain, settingsHash: wanted }: SunsetTerms,
): boolean {
  if (toHex(settingsHash) !== toHex(wanted)) return false;
  const signer = contractSigner(sunsetDigest(domain, wanted, statement), signature);
  return signer !== undefined && toHex(signer) === key;
}

/** One prover's signed statement: asked for until it is there. @throws RollupError SUNSET_UNSIGNED, RPC_… */
async function askUntilSigned(url: string, terms: SunsetTerms, options: CollectOptions): Promise<Signed> {
  const { signal, onProgress, wait = sleep } = options;
  const endpoint = endpointName(url);
  const ask = jsonRpc(url, TIMEOUT_MS);
  for (let waited = 0; waited < COLLECT_MS; waited += POLL_MS) {
    signal?.throwIfAborted();
    const answer = readSunsetAnswer(await ask("tee_signSunset", []));
    if (answer === undefined) throw failed(endpoint, "gives an answer of another form");
    onProgress?.(endpoint, answer);
    if (answer.kind === "signed") {
      if (isSignedBy(answer, terms)) return answer;
      throw failed(endpoint, "gives a signature that is not its key's over this contract's statement");
    }
    await wait(POLL_MS);
  }
  throw failed(endpoint, "has not counted the state in time");
}

/**
 * Collects the word of several provers on one frozen state. All that answer must say the same: where two differ, a person has
 * to look, and nothing is proposed. Provers that give none are told of and left out.
 * @throws RollupError SUNSET_UNSIGNED when none gives one, SUNSET_DISPUTED when two differ
 */
export async function collectSunset(
  urls: readonly string[],
  terms: SunsetTerms,
  options: CollectOptions & { readonly onLeftOut?: (endpoint: string, why: string) => void } = {},
): Promise<Collected> {
  const answers = await Promise.all(
    urls.map(async (url) => {
      try {
        return { endpoint: endpointName(url), ...(await askUntilSigned(url, terms, options)) };
      } catch (error) {
        if (!isRollupError(error)) throw error;
        options.onLeftOut?.(endpointName(url), error.message);
        return undefined;
      }
    }),
  );
  const signed = answers.filter((answer) => answer !== undefined);
  const [first] = signed;
  if (first === undefined) throw failed("no prover", "gives a statement");
  for (const other of signed) requireSame(first, other, terms);
  return {
    statement: first.statement,
    signatures: signed.map(({ endpoint, key, signature }) => ({
      endpoint,
      key,
      signature: toHex(signature),
    })),
  };
}

type Told = Signed & { readonly endpoint: string };

function requireSame(one: Told, other: Told, { domain, settingsHash }: SunsetTerms): void {
  const [first, second] = [one, other].map(({ statement }) =>
    toHex(sunsetDigest(domain, settingsHash, statement)),
  );
  if (first === second) return;
  const roots = {
    [one.endpoint]: toHex(one.statement.claimsRoot),
    [other.endpoint]: toHex(other.statement.claimsRoot),
  };
  throw new RollupError(
    "SUNSET_DISPUTED",
    `${one.endpoint} and ${other.endpoint} state different things of the frozen state`,
    { data: roots },
  );
}
