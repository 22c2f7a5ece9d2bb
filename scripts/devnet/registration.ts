import { setTimeout as sleep } from "node:timers/promises";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import { RollupError } from "@phala-l2/protocol/errors";
import { createPublicClient, http, isAddress } from "viem";
import type { OnReady } from "./processes.ts";

/** Milliseconds between looks. */
const POLL_MS = 250;
/** A fresh L1 takes certificates of three vendors first, each signature a few million gas. */
const TIMEOUT_MS = 120_000;

/** Waits until the registry counts the key that a prover was born with; it registers itself, by simulated evidence. */
export function untilRegistered({ addresses }: AddressBook, l1Url: string): OnReady {
  const registry = { address: addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
  const client = createPublicClient({ transport: http(l1Url, { retryCount: 5 }) });
  return async ({ key }) => {
    if (typeof key !== "string" || !isAddress(key)) {
      throw new RollupError("DEVNET_PART_FAILED", "a prover's ready line lacks its key", { data: { key } });
    }
    const deadline = Date.now() + TIMEOUT_MS;
    while (!(await client.readContract({ ...registry, functionName: "isValid", args: [key] }))) {
      if (Date.now() > deadline) {
        const message = "a prover's key is not registered in time; its log tells why";
        throw new RollupError("DEVNET_PART_FAILED", message, { data: { key } });
      }
      await sleep(POLL_MS);
    }
  };
}
