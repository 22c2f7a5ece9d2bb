import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { decodeFunctionResult, encodeFunctionData, type Hex, toHex } from "viem";
import {
  callOf,
  clientOf,
  deployerOf,
  type L1Client,
  OWNER,
  type Passage,
  passageOf,
  send,
} from "./contracts-on-l1.ts";
import { idOf, type Parts, type Piece, type Pieces, piecesOf } from "./intel-pieces.ts";

/** Errors of the contracts behind the verifier come through it. */
const ABI = [...tdxQuoteVerifierAbi, ...intelCollateralAbi, ...certificateCacheAbi] as const;

/** What `ITeeVerifier.verify` answers. */
export type OnChainReport = {
  readonly tcbStatus: number;
  readonly tcbEvaluation: number;
  readonly advisories: Hex;
  readonly certificate: Hex;
  readonly measurement: Hex;
  readonly platformId: Hex;
  readonly reportData: Hex;
};

export type OnChainAnswer =
  | { readonly kind: "report"; readonly report: OnChainReport }
  | { readonly kind: "reverted"; readonly error: string };

/** Hex without 0x, as TCB information and PCK certificates name it. */
export type Family = { readonly fmspc: string; readonly pceId: string };

export type IntelOnL1 = Passage & {
  readonly pieces: Pieces;
  verify(quote: Uint8Array): Promise<OnChainAnswer>;
  /** Gas of a transaction that only verifies. */
  gasOf(quote: Uint8Array): Promise<bigint>;
  /** Gas that each piece took. */
  readonly recorded: Readonly<Record<string, bigint>>;
  /** What the contracts would answer to a piece with other bytes in it: `accepted`, or the error's name. */
  attempt(piece: Piece, parts: Parts): Promise<string>;
  /** Brings one more piece. @returns gas */
  bring(piece: Piece): Promise<bigint>;
  /** What the contract has read of the TCB information recorded for a family of platforms. */
  tcbInfo(of: Family): Promise<unknown>;
  /** What the contract has read of the quoting enclave's identity. */
  qeIdentity(): Promise<unknown>;
};

/** Looks at L1 before a piece is brought. */
export type BeforePiece = (piece: Piece, l1: Pick<IntelOnL1, "attempt" | "pieces">) => Promise<void>;

async function deployContracts(client: L1Client, root: Certificate) {
  const deploy = deployerOf(client);
  const owner = OWNER;
  const rootId = idOf(root);
  const signatures = await deploy("tee/crypto/SignatureVerifier", []);
  const cache = await deploy("tee/certificates/CertificateCache", [owner, owner, signatures, [rootId]]);
  const inCache = { address: cache, abi: certificateCacheAbi } as const;
  const args = [toHex(root.der), false] as const;
  await send(client, cache, encodeFunctionData({ ...inCache, functionName: "addRoot", args }));
  const { keyHash } = await client.readContract({ ...inCache, functionName: "entryOf", args: [rootId] });
  const collateral = await deploy("tee/intel/IntelCollateral", [owner, owner, cache, keyHash, 0]);
  const verifier = await deploy("tee/intel/TdxQuoteVerifier", [collateral]);
  return { cache, collateral, verifier };
}

type Contracts = Awaited<ReturnType<typeof deployContracts>>;

function actionsOf(client: L1Client, contracts: Contracts): Omit<IntelOnL1, "recorded" | "pieces"> {
  const { verifier, collateral } = contracts;
  const statements = { address: collateral, abi: intelCollateralAbi } as const;
  const verifyCall = (quote: Uint8Array) =>
    encodeFunctionData({ abi: tdxQuoteVerifierAbi, functionName: "verify", args: [toHex(quote)] });
  return {
    verify: async (quote) => {
      const answer = await callOf(client, ABI, verifier, verifyCall(quote));
      if (answer.kind === "reverted") return answer;
      const { data } = answer;
      const report = decodeFunctionResult({ abi: tdxQuoteVerifierAbi, functionName: "verify", data });
      return { kind: "report", report };
    },
    gasOf: (quote) => client.estimateGas({ to: verifier, data: verifyCall(quote) }),
    attempt: async (piece, parts) => {
      const answer = await callOf(client, ABI, contracts[piece.contract], piece.call(parts));
      return answer.kind === "reverted" ? answer.error : "accepted";
    },
    bring: async (piece) => (await send(client, contracts[piece.contract], piece.call(piece.parts))).gasUsed,
    tcbInfo: async ({ fmspc, pceId }) => {
      const args = [`0x${fmspc}`, `0x${pceId}`] as const;
      return (await client.readContract({ ...statements, functionName: "tcbInfoOf", args }))[0];
    },
    qeIdentity: async () =>
      (await client.readContract({ ...statements, functionName: "qeIdentity", args: [] }))[0],
    ...passageOf(client),
  };
}

/** The contracts that verify quotes on an L1 of their own, with the collateral and the platform of a quote in them. */
export async function intelOnL1(
  url: string,
  quote: Uint8Array,
  collateral: string,
  beforePiece: BeforePiece = async () => {},
): Promise<IntelOnL1> {
  const client = clientOf(url);
  const pieces = piecesOf(quote, collateral);
  const actions = actionsOf(client, await deployContracts(client, pieces.root));
  const recorded: Record<string, bigint> = {};
  for (const piece of pieces.list) {
    await beforePiece(piece, { attempt: actions.attempt, pieces });
    recorded[piece.name] = await actions.bring(piece);
  }
  return { ...actions, pieces, recorded };
}
