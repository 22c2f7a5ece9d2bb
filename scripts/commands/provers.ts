import { bridgeFault } from "@phala-l2/bridge/faults";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  booleanSetting,
  fileSetting,
  secondsSetting,
  urlsSetting,
} from "@phala-l2/protocol/config/settings";
import { withoutUrlSecrets } from "@phala-l2/protocol/endpoint";
import { isRollupError, RollupError } from "@phala-l2/protocol/errors";
import { DANGEROUS_ROOTS, VENDOR_ROOTS } from "@phala-l2/tee-prover/attest/trust";
import { type DoctorCheck, failed } from "@phala-l2/tee-prover/doctor/check";
import { readPolicy } from "@phala-l2/tee-prover/doctor/evidence";
import { type RegisteredProver, readProvers } from "@phala-l2/tee-prover/registry/provers";
import { type ReverifyInput, reverify } from "@phala-l2/tee-prover/registry/reverify";
import { askEvidence } from "@phala-l2/tee-prover/rpc/ask";
import { BaseError, createPublicClient, fallback, http, type PublicClient } from "viem";
import { DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const MILLISECONDS = 1000;

/** What is the same for all provers. */
type World = Omit<ReverifyInput, "answer" | "registered"> & { readonly client: PublicClient };

type Verified = { readonly url: string; readonly key: Hex | null; readonly checks: readonly DoctorCheck[] };

async function verified(
  endpoint: string,
  provers: readonly RegisteredProver[],
  { client, ...world }: World,
): Promise<Verified> {
  const url = withoutUrlSecrets(endpoint);
  try {
    const answer = await askEvidence(endpoint);
    const key = toHex(answer.binding.key);
    const registered = provers.find((prover) => prover.key.toLowerCase() === key);
    return { url, key, checks: await reverify(client, { ...world, answer, registered }) };
  } catch (error) {
    return { url, key: null, checks: [failed("endpoint", url, "an answer to tee_evidence", error)] };
  }
}

function tellFailures(evidence: readonly Verified[], tell: (line: string) => void): void {
  for (const { url, checks } of evidence) {
    for (const { ok, check, field, wanted, found, remedy } of checks) {
      if (ok) continue;
      tell(`l2: ${url}: ${check} does not hold: ${field} is ${found}, wanted is ${wanted}`);
      if (remedy !== null) tell(`    ${remedy}`);
    }
  }
}

/** JSON has no 96-bit numbers: the bond in decimal text. */
function printed(prover: RegisteredProver): object {
  const { key, kind, bond, registeredAt, expiresAt, shutOutBy, ...rest } = prover;
  const times = { registeredAt: Number(registeredAt), expiresAt: Number(expiresAt) };
  return { key, kind: kind ?? null, ...rest, shutOutBy: shutOutBy ?? null, ...times, bond: `${bond}` };
}

/** What kept the registry from being read, in words. */
function unreadable(error: unknown, registry: Hex): unknown {
  const fault = bridgeFault(error);
  if (!(error instanceof BaseError) || isRollupError(fault, "BRIDGE_UNREACHABLE")) return fault;
  return new RollupError(
    "BRIDGE_WRONG_CONTRACT",
    `--prover-registry ${registry} is no ProverRegistry on L1: nothing answers there as one does`,
    {
      data: {
        address: registry,
        help: "Give ProverRegistryProxy of the deployment's address book (addresses.json), and endpoints of its L1.",
      },
      cause: error,
    },
  );
}

/** L1's chain id, and all keys. @throws RollupError BRIDGE_… */
async function readRegistry(client: PublicClient, registry: Hex) {
  try {
    const l1ChainId = BigInt(await client.getChainId());
    return { l1ChainId, provers: await readProvers(client, registry) };
  } catch (error) {
    throw unreadable(error, registry);
  }
}

export const proversCommand = defineCommand({
  name: "provers",
  summary: "lists the keys that the registry on L1 has, and verifies again what provers say of themselves",
  settings: {
    l1RpcUrls: urlsSetting({ help: "L1 nodes" }),
    l1Timeout: secondsSetting({ help: "seconds until another L1 node is asked", default: "10" }),
    proverRegistry: addressSetting({ help: "ProverRegistry on L1" }),
    endpoints: urlsSetting({ help: "provers that are asked for their evidence (tee_evidence)", default: "" }),
    policy: fileSetting({
      help: "what to accept of evidence, JSON (docs/operate/evidence.md); strict without",
      optional: true,
    }),
    dangerouslyTrustSimulated: booleanSetting({
      help: "true: trust the development roots and no hardware; for development chains only",
      default: "false",
    }),
  },
  answers: true,
  run: async (settings, { print, tell }) => {
    const { l1RpcUrls, l1Timeout, proverRegistry, endpoints, dangerouslyTrustSimulated } = settings;
    const timeout = l1Timeout * MILLISECONDS;
    const transports = l1RpcUrls.map((url) => http(url, { batch: true, timeout }));
    const client = createPublicClient({ transport: fallback(transports) });
    const registry = toHex(proverRegistry);
    const policy = readPolicy(settings.policy);
    const { l1ChainId, provers } = await readRegistry(client, registry);
    const world: World = {
      client,
      registry,
      l1ChainId,
      policy,
      roots: dangerouslyTrustSimulated ? DANGEROUS_ROOTS : VENDOR_ROOTS,
      at: BigInt(Math.floor(Date.now() / MILLISECONDS)),
    };
    const evidence = await Promise.all(endpoints.map((endpoint) => verified(endpoint, provers, world)));
    tellFailures(evidence, tell);
    const ok = evidence.every(({ checks }) => checks.every((check) => check.ok));
    print({ ok, registry, provers: provers.map(printed), evidence });
    return ok ? HOLDS : DOES_NOT_HOLD;
  },
});
