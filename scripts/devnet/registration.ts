import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import { registerProver } from "@phala-l2/contracts/deploy/register-prover";
import { RollupError } from "@phala-l2/protocol/errors";
import { parseKind } from "@phala-l2/tee-prover/attest/kind";
import { devnetAccount, ROLES } from "@phala-l2/testkit/devnet/accounts";
import { http, isAddress, isHash } from "viem";
import type { OnReady, Ready } from "./processes.ts";

/** A month: a devnet that lives longer restarts its provers, whose keys are then new. */
const KEY_LIFETIME_SECONDS = 30n * 24n * 3600n;

function read({ key, kind, measurement }: Ready) {
  if (
    typeof key === "string" &&
    isAddress(key) &&
    typeof measurement === "string" &&
    isHash(measurement) &&
    typeof kind === "string"
  ) {
    return { key, kind: parseKind(kind), measurement };
  }
  throw new RollupError("DEVNET_PART_FAILED", "a prover's ready line lacks its key, kind or measurement", {
    data: { key, kind, measurement },
  });
}

/**
 * Registers the key that a prover was born with, through the timelock. One after the other: all registrations
 * come from the deployer's account.
 */
export function registrar(book: AddressBook, l1Url: string): OnReady {
  let last: Promise<unknown> = Promise.resolve();
  return async (ready) => {
    const expiresAt = BigInt(Math.floor(Date.now() / 1000)) + KEY_LIFETIME_SECONDS;
    const options = {
      transport: http(l1Url),
      account: devnetAccount(ROLES.deployer),
      addresses: book.addresses,
      prover: { ...read(ready), expiresAt, simulated: true },
    };
    const mine = last.then(() => registerProver(options));
    last = mine.catch(() => {});
    await mine;
  };
}
