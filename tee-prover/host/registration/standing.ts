import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import type { Hex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import type { Libraries } from "./calls.ts";
import type { Family, Pieces } from "./pieces.ts";
import {
  CERTIFICATE_STATUSES,
  type CertificateStanding,
  type Standing,
  type StatementStanding,
  statementKey,
  type Validity,
} from "./plan.ts";

type Cache = { readonly address: Hex; readonly abi: typeof certificateCacheAbi };

async function certificateStanding(
  client: PublicClient,
  cache: Cache,
  id: Hex,
): Promise<readonly [Hex, CertificateStanding]> {
  const [status, culprit] = await client.readContract({ ...cache, functionName: "statusOf", args: [id] });
  return [id, { status: CERTIFICATE_STATUSES[status] ?? "unknown", culprit }];
}

async function listStanding(client: PublicClient, cache: Cache, id: Hex): Promise<readonly [Hex, Validity]> {
  const { thisUpdate, nextUpdate } = await client.readContract({
    ...cache,
    functionName: "revocationsOf",
    args: [id],
  });
  return [id, { issued: thisUpdate, nextUpdate }];
}

async function statementStanding(
  client: PublicClient,
  { certificateCache, intelCollateral }: Libraries,
  family: Family | undefined,
): Promise<readonly [string, StatementStanding]> {
  const collateral = { address: intelCollateral, abi: intelCollateralAbi } as const;
  const { issueDate, nextUpdate, evaluation, signer } = await (family === undefined
    ? client.readContract({ ...collateral, functionName: "qeIdentityStatement" })
    : client.readContract({
        ...collateral,
        functionName: "tcbInfoStatement",
        args: [family.fmspc, family.pceId],
      }));
  const isSignerValid = await client.readContract({
    address: certificateCache,
    abi: certificateCacheAbi,
    functionName: "isValid",
    args: [signer],
  });
  return [statementKey(family), { issued: issueDate, nextUpdate, evaluation, isSignerValid }];
}

/** What L1 holds now of the pieces. @throws whatever viem throws when L1 does not answer */
export async function readStanding(
  client: PublicClient,
  libraries: Libraries,
  { chains, lists, statements }: Pieces,
): Promise<Standing> {
  const cache = { address: libraries.certificateCache, abi: certificateCacheAbi } as const;
  const all = chains.flat();
  const ids = [...new Set(all.map(({ id }) => id))];
  const roots = [...new Set(all.filter(({ issuer }) => issuer === undefined).map(({ id }) => id))];
  const collateral = { address: libraries.intelCollateral, abi: intelCollateralAbi } as const;
  const [{ timestamp }, certificates, pinned, known, said, minimumEvaluation, maximumEvaluation] =
    await Promise.all([
      client.getBlock(),
      Promise.all(ids.map((id) => certificateStanding(client, cache, id))),
      Promise.all(roots.map((id) => client.readContract({ ...cache, functionName: "isPinned", args: [id] }))),
      Promise.all(lists.map(({ authority }) => listStanding(client, cache, authority))),
      Promise.all(statements.map(({ family }) => statementStanding(client, libraries, family))),
      client.readContract({ ...collateral, functionName: "minimumEvaluation" }),
      client.readContract({ ...collateral, functionName: "maximumEvaluation" }),
    ]);
  return {
    now: timestamp,
    certificates: new Map(certificates),
    pinned: new Set(roots.filter((_, i) => pinned[i] === true)),
    lists: new Map(known),
    statements: new Map(said),
    minimumEvaluation,
    maximumEvaluation,
  };
}
