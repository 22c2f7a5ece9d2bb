import { phaTestTokenAbi } from "@phala-l2/contracts/abi/pha-test-token";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import { kindNumber, type ProverKind } from "@phala-l2/contracts/deploy/config";
import { type Address, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { encodeFunctionData, type PublicClient } from "viem";
import type { KeyBinding } from "../../attest/commitments.ts";
import type { Evidence } from "../../attest/evidence.ts";
import { readKeyStanding } from "../key-standing.ts";
import type { Call, L1Transactions } from "../l1-transactions.ts";
import { bringPieces, type Progress } from "./bring.ts";
import { evidenceCalldata } from "./calldata.ts";
import { explainError } from "./explain.ts";
import { piecesOf } from "./pieces.ts";
import { registrationRefused } from "./refusal.ts";
import { type RegistryContracts, readPolicy } from "./registry.ts";

/** All that L1 is told of a key. */
export type KeyRegistration = {
  readonly kind: ProverKind;
  readonly binding: KeyBinding;
  /** Of the block whose hash the evidence commits to. */
  readonly l1BlockNumber: bigint;
  readonly evidence: Evidence;
  /** Earns what the key proves, and may retire it. */
  readonly beneficiary: Address;
  /** The key's own over these terms: `Enclave.signRegistration`. */
  readonly signature: Uint8Array;
};

export type RegisterDependencies = {
  readonly client: PublicClient;
  readonly transactions: L1Transactions;
  readonly contracts: RegistryContracts;
  /** Pays for transactions and posts the bond; the account of `transactions`. */
  readonly payer: Hex;
  readonly onProgress: (progress: Progress) => void;
};

/** A call that must be included: refused by the contract, it is a finding. @throws RollupError REGISTRATION_REFUSED */
async function include(what: string, call: Call, { transactions, onProgress }: RegisterDependencies) {
  const outcome = await transactions.send(call);
  if (outcome.kind === "included") {
    onProgress({ what, transaction: outcome.hash, gasUsed: outcome.gasUsed, left: 0 });
    return;
  }
  if (outcome.error !== undefined) throw registrationRefused(explainError(what, outcome.error));
  const remedy = "try again; see docs/operate/prover.md if it repeats";
  throw registrationRefused({
    check: what,
    field: "transaction",
    wanted: "included",
    found: outcome.reason,
    remedy,
  });
}

/** The registry may take exactly the bond from the payer. @throws RollupError REGISTRATION_REFUSED */
async function allowBond(bond: bigint, dependencies: RegisterDependencies): Promise<void> {
  const { client, contracts, payer } = dependencies;
  const token = { address: contracts.bondToken, abi: phaTestTokenAbi } as const;
  const [balance, allowance] = await Promise.all([
    client.readContract({ ...token, functionName: "balanceOf", args: [payer] }),
    client.readContract({ ...token, functionName: "allowance", args: [payer, contracts.registry] }),
  ]);
  if (balance < bond) {
    throw registrationRefused({
      check: "bond",
      field: `PHA (${contracts.bondToken}) of ${payer}`,
      wanted: `${bond}`,
      found: `${balance}`,
      remedy: "send PHA to this account, or have the key registered from another (l2 register-prover)",
    });
  }
  if (allowance >= bond) return;
  const args = [contracts.registry, bond] as const;
  const data = encodeFunctionData({ abi: phaTestTokenAbi, functionName: "approve", args });
  await include("bond allowed", { to: contracts.bondToken, data }, dependencies);
}

function registerCall(registration: KeyRegistration, { registry }: RegistryContracts, at: bigint): Call {
  const { kind, binding, l1BlockNumber, evidence, beneficiary, signature } = registration;
  const args = [
    {
      key: toHex(binding.key),
      kind: kindNumber(kind),
      policyVersion: binding.policyVersion,
      l1BlockNumber,
      ...evidenceCalldata(evidence, at),
      signature: toHex(signature),
      beneficiary: toHex(beneficiary),
    },
  ] as const;
  return {
    to: registry,
    data: encodeFunctionData({ abi: proverRegistryAbi, functionName: "register", args }),
  };
}

/**
 * Brings what the evidence needs to L1, and registers the key, with the bond from the payer. What stands there already is
 * left out, so that a repeated call goes on where the last one stopped; each transaction is tried before it is sent.
 * @throws RollupError REGISTRATION_REFUSED naming check, field, wanted, found and remedy; EVIDENCE_MALFORMED;
 * L1_TRANSACTION_PENDING
 */
export async function registerKey(
  registration: KeyRegistration,
  dependencies: RegisterDependencies,
): Promise<void> {
  const { client, contracts } = dependencies;
  const key = toHex(registration.binding.key);
  if ((await readKeyStanding(client, contracts.registry, key)).isRegistered) return;
  const { timestamp } = await client.getBlock();
  const call = registerCall(registration, contracts, timestamp);
  const { libraries } = contracts;
  await bringPieces(piecesOf(registration.evidence), { ...dependencies, libraries });
  const { bond } = await readPolicy(client, contracts);
  await allowBond(bond, dependencies);
  await include("key registered", call, dependencies);
}
