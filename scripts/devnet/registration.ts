import { setTimeout as sleep } from "node:timers/promises";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import { RollupError } from "@phala-l2/protocol/errors";
import { type Address, createPublicClient, http, isAddress, isAddressEqual } from "viem";
import type { OnReady, Ready } from "./processes.ts";

/** Milliseconds between looks. */
const POLL_MS = 250;
/** A fresh L1 takes certificates of three vendors first, each signature a few million gas. */
const TIMEOUT_MS = 120_000;

/** Keys from the newest on that are looked at: more than three provers bear in a few starts. */
const NEWEST_KEYS = 12n;

/**
 * Waits until the registry counts a key of a prover that is ready; it registers itself, by simulated evidence. What L1 refused
 * it tries again with another key, so that a prover is known by its beneficiary.
 */
export function untilRegistered({ addresses }: AddressBook, l1Url: string): OnReady {
  const registry = { address: addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
  const client = createPublicClient({ transport: http(l1Url, { retryCount: 5, batch: true }) });
  const { readContract } = client;

  async function isNewKeyOf(beneficiary: Address, since: bigint, index: bigint): Promise<boolean> {
    const key = await readContract({ ...registry, functionName: "proverAt", args: [index] });
    const prover = await readContract({ ...registry, functionName: "prover", args: [key] });
    if (!isAddressEqual(prover.beneficiary, beneficiary) || prover.registeredAt < since) return false;
    return readContract({ ...registry, functionName: "isValid", args: [key] });
  }

  async function hasKey(beneficiary: Address, since: bigint): Promise<boolean> {
    const count = await readContract({ ...registry, functionName: "proverCount" });
    const newest = count < NEWEST_KEYS ? count : NEWEST_KEYS;
    const indices = Array.from({ length: Number(newest) }, (_, i) => count - 1n - BigInt(i));
    const found = await Promise.all(indices.map((index) => isNewKeyOf(beneficiary, since, index)));
    return found.includes(true);
  }

  return async (ready) => {
    const beneficiary = beneficiaryOf(ready);
    const { timestamp: since } = await client.getBlock();
    const deadline = Date.now() + TIMEOUT_MS;
    while (!(await hasKey(beneficiary, since))) {
      if (Date.now() > deadline) {
        const message = "a prover's key is not registered in time; its log tells why";
        throw new RollupError("DEVNET_PART_FAILED", message, { data: { beneficiary } });
      }
      await sleep(POLL_MS);
    }
  };
}

function beneficiaryOf({ registration }: Ready): Address {
  const terms = typeof registration === "object" && registration !== null ? registration : {};
  const beneficiary = "beneficiary" in terms ? terms.beneficiary : undefined;
  if (typeof beneficiary === "string" && isAddress(beneficiary)) return beneficiary;
  throw new RollupError("DEVNET_PART_FAILED", "a prover's ready line lacks its beneficiary");
}
