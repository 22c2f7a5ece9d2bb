import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { Hex } from "@phala-l2/protocol/bytes";
import type { PublicClient } from "viem";
import type { Standing } from "../attest/renewal.ts";

/** What the registry says of a key now. @throws whatever viem throws when L1 does not answer */
export async function readKeyStanding(client: PublicClient, registry: Hex, key: Hex): Promise<Standing> {
  const contract = { address: registry, abi: proverRegistryAbi, args: [key] } as const;
  const [isRegistered, isValid, { expiresAt }] = await Promise.all([
    client.readContract({ ...contract, functionName: "isRegistered" }),
    client.readContract({ ...contract, functionName: "isValid" }),
    client.readContract({ ...contract, functionName: "prover" }),
  ]);
  return { isRegistered, isValid, expiresAt: isRegistered ? expiresAt : undefined };
}
