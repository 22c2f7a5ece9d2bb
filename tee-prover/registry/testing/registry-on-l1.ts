import { createServer } from "node:http";
import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { attestationPolicyAbi } from "@phala-l2/contracts/abi/attestation-policy";
import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { proofPolicyAbi } from "@phala-l2/contracts/abi/proof-policy";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import { type Abi, decodeFunctionData, encodeFunctionResult, erc20Abi, type Hex } from "viem";

/** What the contracts answer, by the function's name; a function of the arguments, and of the contract's address after them, where they matter. */
export type Answers = Readonly<Record<string, unknown>>;

export const ADDRESSES = {
  registry: `0x${"11".repeat(20)}`,
  policy: `0x${"22".repeat(20)}`,
  token: `0x${"33".repeat(20)}`,
  certificates: `0x${"55".repeat(20)}`,
  tdxVerifier: `0x${"66".repeat(20)}`,
  collateral: `0x${"77".repeat(20)}`,
  factory: `0x${"88".repeat(20)}`,
  anchors: `0x${"99".repeat(20)}`,
  proofPolicy: `0x${"aa".repeat(20)}`,
} as const;

const ABIS: Readonly<Record<string, Abi>> = {
  [ADDRESSES.registry]: proverRegistryAbi,
  [ADDRESSES.policy]: attestationPolicyAbi,
  [ADDRESSES.token]: erc20Abi,
  [ADDRESSES.certificates]: certificateCacheAbi,
  [ADDRESSES.tdxVerifier]: tdxQuoteVerifierAbi,
  [ADDRESSES.collateral]: intelCollateralAbi,
  [ADDRESSES.factory]: disputeGameFactoryAbi,
  [ADDRESSES.anchors]: anchorStateRegistryAbi,
  [ADDRESSES.proofPolicy]: proofPolicyAbi,
};

/** Addresses of games begin so. */
const GAMES = "0x6a";

const HASH = `0x${"00".repeat(32)}` as const;
const ALWAYS = 2n ** 40n;
const STATEMENT = {
  issueDate: 0n,
  nextUpdate: ALWAYS,
  evaluation: 1000,
  content: ADDRESSES.collateral,
  signer: HASH,
};
/** All that vendors say is there, for ever. */
const VENDORS: Answers = {
  statusOf: [0, HASH],
  isPinned: true,
  isValid: true,
  minimumEvaluation: 0,
  maximumEvaluation: 2 ** 32 - 1,
  revocationsOf: { thisUpdate: 0n, nextUpdate: ALWAYS },
  tcbInfoStatement: STATEMENT,
  qeIdentityStatement: STATEMENT,
  certificates: ADDRESSES.certificates,
  tdxVerifier: ADDRESSES.tdxVerifier,
  collateral: ADDRESSES.collateral,
};

/** A policy that accepts everything of a TDX prover, and an account that can pay. */
export const ACCEPTING: Answers = {
  ...VENDORS,
  chainId: 900,
  balance: 10n ** 18n,
  gasPrice: 10n ** 9n,
  dangerouslyAcceptsSimulated: true,
  policy: ADDRESSES.policy,
  bondToken: ADDRESSES.token,
  kindOf: 1,
  now: 1_795_000_000n,
  isPresenceOnly: false,
  acceptsPresenceOnly: false,
  isVendorNullified: false,
  minimumGpus: 1,
  platformsListed: false,
  isPlatformListed: false,
  isPlatformDenied: false,
  bond: 1000n,
  isGpuMeasurementAccepted: true,
  balanceOf: 1000n,
  allowance: 0n,
  proverCount: 0n,
};

function called(answers: Answers, to: Hex, data: Hex): Hex {
  const abi = ABIS[to.toLowerCase()] ?? (to.startsWith(GAMES) ? multiProofGameAbi : undefined);
  if (abi === undefined) return "0x";
  const { functionName, args = [] } = decodeFunctionData({ abi, data });
  const answer = answers[functionName];
  if (answer === undefined) throw new Error(`no answer of ${functionName}`);
  const result = typeof answer === "function" ? answer(...args, to) : answer;
  return encodeFunctionResult({ abi, functionName, result });
}

function hex(value: unknown): Hex {
  return `0x${BigInt(String(value)).toString(16)}`;
}

/** What a node tells without asking a contract. */
function plain(method: string, to: string, { chainId, balance, gasPrice, now }: Answers): unknown {
  if (method.startsWith("eth_getBlockBy")) return { number: "0x1", timestamp: hex(now), transactions: [] };
  if (method === "eth_getCode") return Object.hasOwn(ABIS, to.toLowerCase()) ? "0x60" : "0x";
  const numbers = { eth_chainId: chainId, eth_getBalance: balance, eth_gasPrice: gasPrice };
  return hex(Object.entries(numbers).find(([name]) => name === method)?.[1]);
}

type Request = {
  readonly id: number;
  readonly method: string;
  readonly params?: readonly { readonly to: Hex; readonly data: Hex }[];
};

function answerTo(request: unknown, answers: Answers): object {
  const { id, method, params = [] }: Request = JSON.parse(JSON.stringify(request));
  const [call] = params;
  try {
    const result =
      method === "eth_call" && call !== undefined
        ? called(answers, call.to, call.data)
        : plain(method, String(call), answers);
    return { jsonrpc: "2.0", id, result };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: { code: 3, message: `execution reverted: ${error}` } };
  }
}

/** An L1 node that knows one registry, its policy and the bond's token. */
export async function registryOnL1(
  answers: Answers,
): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      const answer = Array.isArray(body)
        ? body.map((call) => answerTo(call, answers))
        : answerTo(body, answers);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
