import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { snpReportVerifierAbi } from "@phala-l2/contracts/abi/snp-report-verifier";
import type { Product } from "@phala-l2/tee-prover/verify/amd/product";
import { PRODUCT_NUMBERS, packTcb } from "@phala-l2/tee-prover/verify/amd/tcb-digest";
import { parseCertificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import {
  type Address,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
  pad,
  toHex,
} from "viem";
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
import type { MinimumTcb, SnpFacts } from "./snp-answers.ts";

/** Errors of the contracts behind the verifier come through it. */
const ABI = [...snpReportVerifierAbi, ...certificateCacheAbi] as const;

/**
 * A contract that answers `minimumTcb(product)` with the word of its storage at the product's number:
 * PUSH1 4 CALLDATALOAD SLOAD PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
 */
const TCB_POLICY = {
  address: "0x00000000000000000000000000000000005e1f00",
  code: "0x600435545f5260205ff3",
} as const;

/** The report, or the name of the error that the contracts revert with. */
export type OnChainSnpAnswer =
  | { readonly kind: "report"; readonly certificate: Hex; readonly facts: SnpFacts }
  | { readonly kind: "reverted"; readonly error: string };

export type AmdOnL1 = Passage & {
  verify(evidence: Uint8Array): Promise<OnChainSnpAnswer>;
  /** Gas of a transaction that only verifies. */
  gasOf(evidence: Uint8Array): Promise<bigint>;
  /** Adds a certificate under one that stands in the cache. @returns gas; undefined where it stands there */
  add(der: Uint8Array, issuer: Uint8Array): Promise<bigint | undefined>;
  /** What the cache would answer to `add`: `accepted`, or the error's name. */
  attempt(der: Uint8Array, issuer: Uint8Array): Promise<string>;
  /** Records a revocation list of a certificate's subject. @returns gas */
  revoke(list: Uint8Array, issuer: Uint8Array): Promise<bigint>;
  setMinimum(minimum: MinimumTcb): Promise<void>;
  /** Gas that each root took. */
  readonly roots: readonly bigint[];
};

/** A certificate's id in the cache. */
export function certificateId(der: Uint8Array): Hex {
  const certificate = parseCertificate(der, "L1");
  if (certificate.kind === "certificate") return keccak256(certificate.signedPart);
  throw new TypeError(`${certificate.code}: ${certificate.found}`);
}

async function setMinimum(client: L1Client, minimum: MinimumTcb): Promise<void> {
  const { address } = TCB_POLICY;
  for (const product of ["Genoa", "Turin"] as const) {
    const index = PRODUCT_NUMBERS[product];
    const value = pad(numberToHex(packTcb(minimum[product])), { size: 32 });
    await client.setStorageAt({ address, index: pad(numberToHex(index), { size: 32 }), value });
  }
}

type Contracts = { readonly cache: Address; readonly verifier: Address };

function actionsOf(client: L1Client, { cache, verifier }: Contracts): Omit<AmdOnL1, "roots"> {
  const call = (evidence: Uint8Array) =>
    encodeFunctionData({ abi: snpReportVerifierAbi, functionName: "verify", args: [toHex(evidence)] });
  const inCache = { address: cache, abi: certificateCacheAbi } as const;
  const addition = (der: Uint8Array, issuer: Uint8Array) => {
    const args = [toHex(der), certificateId(issuer), false] as const;
    return encodeFunctionData({ abi: certificateCacheAbi, functionName: "add", args });
  };
  return {
    verify: async (evidence) => {
      const answer = await callOf(client, ABI, verifier, call(evidence));
      if (answer.kind === "reverted") return answer;
      const { data } = answer;
      const report = decodeFunctionResult({ abi: snpReportVerifierAbi, functionName: "verify", data });
      const { certificate, tcbStatus, advisories, measurement, platformId, reportData } = report;
      return {
        kind: "report",
        certificate,
        facts: { tcbStatus, advisories, measurement, platformId, reportData },
      };
    },
    // Sent, since an estimate runs it a dozen times.
    gasOf: async (evidence) => (await send(client, verifier, call(evidence))).gasUsed,
    add: async (der, issuer) => {
      if (await client.readContract({ ...inCache, functionName: "isAdded", args: [certificateId(der)] })) {
        return undefined;
      }
      return (await send(client, cache, addition(der, issuer))).gasUsed;
    },
    attempt: async (der, issuer) => {
      const answer = await callOf(client, ABI, cache, addition(der, issuer));
      return answer.kind === "reverted" ? answer.error : "accepted";
    },
    revoke: async (list, issuer) => {
      const args = [toHex(list), certificateId(issuer), false, 100n] as const;
      const data = encodeFunctionData({ ...inCache, functionName: "addRevocations", args });
      return (await send(client, cache, data)).gasUsed;
    },
    setMinimum: (minimum) => setMinimum(client, minimum),
    ...passageOf(client),
  };
}

/**
 * The contracts that verify SEV-SNP reports on an L1 of their own. All three roots are pinned, so that who refuses Milan is
 * the verifier.
 */
export async function amdOnL1(
  url: string,
  roots: Readonly<Record<Product, Uint8Array>>,
  minimum: MinimumTcb,
): Promise<AmdOnL1> {
  const client = clientOf(url);
  const deploy = deployerOf(client);
  await client.setCode({ address: TCB_POLICY.address, bytecode: TCB_POLICY.code });
  await setMinimum(client, minimum);
  const list = [roots.Genoa, roots.Turin, roots.Milan];
  const [genoa, turin, milan] = list.map(certificateId);
  const signatures = await deploy("tee/crypto/SignatureVerifier", []);
  const cache = await deploy("tee/certificates/CertificateCache", [
    OWNER,
    OWNER,
    signatures,
    [genoa, turin, milan],
  ]);
  const verifier = await deploy("tee/amd/SnpReportVerifier", [
    cache,
    signatures,
    TCB_POLICY.address,
    genoa,
    turin,
  ]);
  const gas: bigint[] = [];
  for (const der of list) {
    const args = [toHex(der), false] as const;
    const data = encodeFunctionData({ abi: certificateCacheAbi, functionName: "addRoot", args });
    gas.push((await send(client, cache, data)).gasUsed);
  }
  return { ...actionsOf(client, { cache, verifier }), roots: gas };
}
