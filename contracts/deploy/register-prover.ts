import { RollupError } from "@phala-l2/protocol/errors";
import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  type LocalAccount,
  type Transport,
  zeroHash,
} from "viem";
import { proverRegistryAbi } from "../abi/prover-registry.ts";
import { timelockAbi } from "../abi/timelock.ts";
import { PROVER_KINDS, type ProverRegistration } from "./config.ts";
import { type Call, type L1Sender, l1Sender } from "./l1-client.ts";

/** `scheduled`: call again at or after `readyAt` (Unix seconds) to execute. */
export type RegistrationOutcome =
  | { readonly kind: "registered"; readonly key: Address }
  | { readonly kind: "scheduled"; readonly key: Address; readonly operation: Hex; readonly readyAt: bigint };

export type RegisterProverOptions = {
  readonly transport: Transport;
  /** Proposer and executor of the timelock. */
  readonly account: LocalAccount;
  readonly addresses: { readonly Timelock: Address; readonly ProverRegistryProxy: Address };
  readonly prover: ProverRegistration;
};

const SCHEDULE_GAS = 150_000n;
const EXECUTE_GAS = 300_000n;

/**
 * Registers a prover's key through the timelock, which owns the registry: schedules, and executes once the delay is
 * over (at once where it is zero). Repeating the call continues where the last one stopped.
 * @throws RollupError PROVER_REVOKED, DEPLOY_TRANSACTION_FAILED
 */
export async function registerProver(options: RegisterProverOptions): Promise<RegistrationOutcome> {
  return registerProverFrom(l1Sender(options.transport, options.account), options.addresses, options.prover);
}

/** The same, by a sender that exists already. */
export async function registerProverFrom(
  sender: L1Sender,
  addresses: RegisterProverOptions["addresses"],
  prover: ProverRegistration,
): Promise<RegistrationOutcome> {
  const { key } = prover;
  const registry = { address: addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
  const timelock = { address: addresses.Timelock, abi: timelockAbi } as const;
  const operation = operationId(registry.address, prover);
  const [known, valid, minDelay, timestamp] = await Promise.all([
    sender.client.readContract({ ...registry, functionName: "isRegistered", args: [key] }),
    sender.client.readContract({ ...registry, functionName: "isValid", args: [key] }),
    sender.client.readContract({ ...timelock, functionName: "getMinDelay" }),
    sender.client.readContract({ ...timelock, functionName: "getTimestamp", args: [operation] }),
  ]);
  if (known && !valid) {
    throw new RollupError("PROVER_REVOKED", `${key} was revoked or has expired: a prover needs a new key`, {
      data: { key },
    });
  }
  if (known) return { kind: "registered", key };

  const calls = timelockCalls(addresses, prover, minDelay);
  if (timestamp === 0n && minDelay > 0n) {
    await sender.send([calls.schedule]);
    const readyAt = await sender.client.readContract({
      ...timelock,
      functionName: "getTimestamp",
      args: [operation],
    });
    return { kind: "scheduled", key, operation, readyAt };
  }
  const { timestamp: now } = await sender.client.getBlock();
  if (timestamp > now) return { kind: "scheduled", key, operation, readyAt: timestamp };
  await sender.send(timestamp === 0n ? [calls.schedule, calls.execute] : [calls.execute]);
  return { kind: "registered", key };
}

function registerData(prover: ProverRegistration): Hex {
  return encodeFunctionData({
    abi: proverRegistryAbi,
    functionName: "register",
    args: [
      prover.key,
      PROVER_KINDS.indexOf(prover.kind) + 1,
      prover.measurement,
      prover.expiresAt,
      prover.simulated,
    ],
  });
}

/** TimelockController.hashOperation. The data names the key, so no salt is needed to tell operations apart. */
function operationId(registry: Address, prover: ProverRegistration): Hex {
  return keccak256(
    encodeAbiParameters(
      [{ type: "address" }, { type: "uint256" }, { type: "bytes" }, { type: "bytes32" }, { type: "bytes32" }],
      [registry, 0n, registerData(prover), zeroHash, zeroHash],
    ),
  );
}

function timelockCalls(
  addresses: RegisterProverOptions["addresses"],
  prover: ProverRegistration,
  delay: bigint,
): { readonly schedule: Call; readonly execute: Call } {
  const target = addresses.ProverRegistryProxy;
  const data = registerData(prover);
  return {
    schedule: {
      to: addresses.Timelock,
      gas: SCHEDULE_GAS,
      data: encodeFunctionData({
        abi: timelockAbi,
        functionName: "schedule",
        args: [target, 0n, data, zeroHash, zeroHash, delay],
      }),
    },
    execute: {
      to: addresses.Timelock,
      gas: EXECUTE_GAS,
      data: encodeFunctionData({
        abi: timelockAbi,
        functionName: "execute",
        args: [target, 0n, data, zeroHash, zeroHash],
      }),
    },
  };
}
