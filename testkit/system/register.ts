import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { systemClock } from "@phala-l2/node/clock";
import { type Address, addressFromHex, type Hash, hashFromHex } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { registrationDigest } from "@phala-l2/protocol/registration";
import { dangerouslySimulatedEvidence } from "@phala-l2/tee-prover/attest/simulated";
import { createL1Transactions } from "@phala-l2/tee-prover/host/l1-transactions";
import { type KeyRegistration, registerKey } from "@phala-l2/tee-prover/host/registration/register";
import { readPolicy, readRegistryContracts } from "@phala-l2/tee-prover/host/registration/registry";
import { createPublicClient, http } from "viem";
import { devnetAccount, L1_CHAIN_ID } from "../devnet/accounts.ts";

/** Where keys are registered, and whose bond it is: an account by its index. */
export type Registrar = {
  readonly l1Url: string;
  readonly addresses: AddressBook["addresses"];
  readonly payer: number;
};

const RESUBMIT_AFTER_MS = 30_000;
const POLL_INTERVAL_MS = 50;

export function domainOf({ ProverRegistryProxy }: AddressBook["addresses"]) {
  return { chainId: BigInt(L1_CHAIN_ID), verifyingContract: addressFromHex(ProverRegistryProxy) };
}

function clientOf({ l1Url }: Registrar) {
  return createPublicClient({ transport: http(l1Url, { batch: true }), cacheTime: 0 });
}

/** Registers a key in the place of its prover, as an operator does. */
export async function registerFor(registration: KeyRegistration, registrar: Registrar): Promise<void> {
  const client = clientOf(registrar);
  const account = devnetAccount(registrar.payer);
  const { signal } = new AbortController();
  const transactions = createL1Transactions(
    { resubmitAfterMs: RESUBMIT_AFTER_MS, pollIntervalMs: POLL_INTERVAL_MS },
    { client, account, clock: systemClock, signal },
  );
  const contracts = await readRegistryContracts(client, registrar.addresses.ProverRegistryProxy);
  const payer = account.address;
  await registerKey(registration, { client, transactions, contracts, payer, onProgress: () => {} });
}

/** A key that lies in this process, as one that was stolen out of a TEE lies in a thief's. */
export type StolenKey = { readonly address: Address; readonly sign: (digest: Hash) => Promise<Uint8Array> };

/** Registers a stolen key by evidence as good as any. */
export async function registerStolen(
  { address, sign }: StolenKey,
  kind: ProverKind,
  registrar: Registrar,
): Promise<void> {
  const client = clientOf(registrar);
  const contracts = await readRegistryContracts(client, registrar.addresses.ProverRegistryProxy);
  const [{ hash, number, timestamp }, { version: policyVersion }] = await Promise.all([
    client.getBlock(),
    readPolicy(client, contracts),
  ]);
  const domain = domainOf(registrar.addresses);
  const binding = { domain, key: address, l1Block: hashFromHex(hash), policyVersion };
  const source = dangerouslySimulatedEvidence(kind, { log: silentLog, now: () => timestamp });
  const beneficiary = addressFromHex(devnetAccount(registrar.payer).address);
  const evidence = await source.evidence(binding);
  const signature = await sign(
    registrationDigest(domain, { beneficiary, policyVersion, l1Block: binding.l1Block }),
  );
  await registerFor({ kind, binding, l1BlockNumber: number, evidence, beneficiary, signature }, registrar);
}
