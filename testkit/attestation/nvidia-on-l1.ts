import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { nvidiaReportVerifierAbi } from "@phala-l2/contracts/abi/nvidia-report-verifier";
import { oddFirstOfSigned } from "@phala-l2/tee-prover/host/registration/hints";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { type Address, decodeFunctionResult, encodeFunctionData, type Hex, toHex } from "viem";
import { callOf, clientOf, deployerOf, type L1Client, OWNER, send } from "./contracts-on-l1.ts";
import { idOf } from "./intel-pieces.ts";

/** Errors of the contracts behind the verifier come through it. */
const ABI = [...nvidiaReportVerifierAbi, ...certificateCacheAbi] as const;

/** What `INvidiaReportVerifier.verify` answers. */
export type GpuFacts = {
  readonly nonce: Hex;
  readonly deviceId: Hex;
  readonly measurement: Hex;
  readonly certificate: Hex;
  readonly reportHash: Hex;
};

/** The facts, or the name of the error that the contracts revert with. */
export type OnChainGpuAnswer =
  | { readonly kind: "report"; readonly facts: GpuFacts }
  | { readonly kind: "reverted"; readonly error: string };

export type NvidiaOnL1 = {
  verify(envelope: Uint8Array): Promise<OnChainGpuAnswer>;
  /** Gas of a transaction that only verifies. */
  gasOf(envelope: Uint8Array): Promise<bigint>;
  /** Adds what does not stand in the cache yet of a chain, leaf first and root last. @returns gas of each */
  addChain(chain: readonly Certificate[]): Promise<readonly bigint[]>;
};

async function addToCache(
  client: L1Client,
  cache: Address,
  certificate: Certificate,
  issuer: Certificate | undefined,
): Promise<readonly bigint[]> {
  const id = idOf(certificate);
  if (
    await client.readContract({
      address: cache,
      abi: certificateCacheAbi,
      functionName: "isAdded",
      args: [id],
    })
  )
    return [];
  const oddFirst = oddFirstOfSigned((issuer ?? certificate).publicKey, certificate);
  const der = toHex(certificate.der);
  const data =
    issuer === undefined
      ? encodeFunctionData({ abi: certificateCacheAbi, functionName: "addRoot", args: [der, oddFirst] })
      : encodeFunctionData({
          abi: certificateCacheAbi,
          functionName: "add",
          args: [der, idOf(issuer), oddFirst],
        });
  return [(await send(client, cache, data)).gasUsed];
}

/** The contracts that verify GPUs' reports on an L1 of their own. The first root is NVIDIA's; others are pinned as well. */
export async function nvidiaOnL1(
  url: string,
  roots: readonly [Certificate, ...Certificate[]],
): Promise<NvidiaOnL1> {
  const client = clientOf(url);
  const deploy = deployerOf(client);
  const signatures = await deploy("tee/crypto/SignatureVerifier", []);
  const pins = roots.map(idOf);
  const cache = await deploy("tee/certificates/CertificateCache", [OWNER, OWNER, signatures, pins]);
  const verifier = await deploy("tee/nvidia/NvidiaReportVerifier", [cache, signatures, idOf(roots[0])]);
  const call = (envelope: Uint8Array) =>
    encodeFunctionData({ abi: nvidiaReportVerifierAbi, functionName: "verify", args: [toHex(envelope)] });
  return {
    verify: async (envelope) => {
      const answer = await callOf(client, ABI, verifier, call(envelope));
      if (answer.kind === "reverted") return answer;
      const { data } = answer;
      const facts = decodeFunctionResult({ abi: nvidiaReportVerifierAbi, functionName: "verify", data });
      return { kind: "report", facts };
    },
    gasOf: async (envelope) => (await send(client, verifier, call(envelope))).gasUsed,
    addChain: async (chain) => {
      const gas: bigint[] = [];
      for (const [i, certificate] of [...chain.entries()].reverse()) {
        gas.push(...(await addToCache(client, cache, certificate, chain[i + 1])));
      }
      return gas;
    },
  };
}
