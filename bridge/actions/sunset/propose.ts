import { sunsetRegistryAbi } from "@phala-l2/contracts/abi/sunset-registry";
import { addressFromHex, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import type { SunsetStatement } from "@phala-l2/protocol/sunset-statement";
import { phaOfPlanck } from "@phala-l2/sunset/message";
import type { Address } from "viem";
import { withFaults } from "../../faults.ts";
import type { Bridge } from "../../network.ts";
import { whenText } from "../../wording.ts";
import { confirmed } from "../confirmed.ts";
import type { Collected, SunsetTerms } from "./collect.ts";

/** The part of a holder's clients that these actions use. */
export type L1Side = Pick<Bridge, "l1" | "network" | "tell">;

/** What the contract asks of a statement. @throws RollupError BRIDGE_… */
export function readSunsetTerms({ l1, network }: L1Side, registry: Address): Promise<SunsetTerms> {
  return withFaults(async () => {
    const settingsHash = await l1.readContract({
      address: registry,
      abi: sunsetRegistryAbi,
      functionName: "settingsHash",
    });
    const domain = { chainId: BigInt(network.l1ChainId), contract: addressFromHex(registry) };
    return { domain, settingsHash: hashFromHex(settingsHash) };
  });
}

function argumentOf(statement: SunsetStatement) {
  const { genesisHash, height, blockHash, stateRoot, claimsRoot } = statement;
  return {
    ...statement,
    genesisHash: toHex(genesisHash),
    height,
    blockHash: toHex(blockHash),
    stateRoot: toHex(stateRoot),
    claimsRoot: toHex(claimsRoot),
  };
}

export type Proposed = { readonly l1Hash: Hex; readonly finalAt: bigint };

/**
 * Proposes a statement with its provers' signatures; anyone may. It is tried before it is sent.
 * @returns Unix seconds from which it can be made final.
 * @throws RollupError BRIDGE_…
 */
export function proposeSunset(
  { l1, tell }: L1Side,
  registry: Address,
  { statement, signatures }: Collected,
): Promise<Proposed> {
  return withFaults(async () => {
    const { request } = await l1.simulateContract({
      address: registry,
      abi: sunsetRegistryAbi,
      functionName: "propose",
      args: [argumentOf(statement), signatures.map(({ signature }) => signature)],
    });
    const { genesisHash, height, claimable, claimsRoot } = statement;
    tell(
      `Proposes that the parachain ${toHex(genesisHash)} at height ${height} owes ${phaOfPlanck(claimable)} PHA by claims root ${toHex(claimsRoot)}; ${signatures.length} provers say so.`,
    );
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "proposal");
    const finalAt = await l1.readContract({
      address: registry,
      abi: sunsetRegistryAbi,
      functionName: "finalAt",
    });
    const { timestamp } = await l1.getBlock();
    tell(
      `It can be made final from ${whenText(finalAt, timestamp)} ('l2 sunset finalize', by anyone). Until then one prover's other word voids it.`,
    );
    return { l1Hash, finalAt };
  });
}

/**
 * Voids the proposal by one prover's word against it; anyone may send it. One that says the same is refused.
 * @throws RollupError BRIDGE_…
 */
export function contradictSunset(
  { l1, tell }: L1Side,
  registry: Address,
  { statement, signatures }: Collected,
): Promise<{ readonly l1Hash: Hex }> {
  return withFaults(async () => {
    const { request } = await l1.simulateContract({
      address: registry,
      abi: sunsetRegistryAbi,
      functionName: "contradict",
      args: [argumentOf(statement), signatures[0]?.signature ?? "0x"],
    });
    tell(
      `Voids the proposal by the word of ${signatures[0]?.key}: claims root ${toHex(statement.claimsRoot)}.`,
    );
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "contradiction");
    return { l1Hash };
  });
}

/**
 * Makes the proposal final, after its challenge period; anyone may.
 * @param signatures of provers over the standing statement, where too few of those that proposed it still count
 * @throws RollupError BRIDGE_…
 */
export function finalizeSunset(
  { l1, tell }: L1Side,
  registry: Address,
  signatures: readonly Hex[] = [],
): Promise<{ readonly l1Hash: Hex }> {
  return withFaults(async () => {
    const { request } = await l1.simulateContract({
      address: registry,
      abi: sunsetRegistryAbi,
      functionName: "finalize",
      args: [signatures],
    });
    tell("Makes the proposal final, for ever: claims begin with it.");
    const l1Hash = await l1.writeContract(request);
    await confirmed(l1, l1Hash, "finalisation");
    return { l1Hash };
  });
}

const STATUS = ["none", "proposed", "final"] as const;

export type SunsetStatus = {
  readonly status: (typeof STATUS)[number];
  /** Unix seconds; zero without a proposal. */
  readonly finalAt: bigint;
  /** Unix seconds before which nothing can be proposed. */
  readonly reopensAt: bigint;
  readonly claimsRoot: Hex;
  /** Whose signatures stand under the proposal. */
  readonly keys: readonly Address[];
};

/** How far a sunset is. @throws RollupError BRIDGE_… */
export function sunsetStatus({ l1, tell }: L1Side, registry: Address): Promise<SunsetStatus> {
  return withFaults(async () => {
    const contract = { address: registry, abi: sunsetRegistryAbi } as const;
    const [status, [sunset, keys], finalAt, reopensAt] = await Promise.all([
      l1.readContract({ ...contract, functionName: "status" }),
      l1.readContract({ ...contract, functionName: "proposal" }),
      l1.readContract({ ...contract, functionName: "finalAt" }),
      l1.readContract({ ...contract, functionName: "reopensAt" }),
    ]);
    const { claimsRoot } = sunset;
    const answer = { status: STATUS[status] ?? "none", finalAt, reopensAt, claimsRoot, keys };
    tell(statusLine(answer, (await l1.getBlock()).timestamp));
    return answer;
  });
}

/** The same in words, and what comes next. @param now Unix seconds on L1 */
function statusLine({ status, finalAt, reopensAt, claimsRoot, keys }: SunsetStatus, now: bigint): string {
  switch (status) {
    case "none":
      return reopensAt > now
        ? `A proposal was voided; the next can be made from ${whenText(reopensAt, now)}.`
        : "Nothing is proposed: 'l2 sunset propose' asks provers and brings their word.";
    case "proposed":
      return finalAt > now
        ? `Claims root ${claimsRoot} is proposed by ${keys.length} provers, and can be made final from ${whenText(finalAt, now)}.`
        : `Claims root ${claimsRoot} can be made final now: 'l2 sunset finalize', by anyone.`;
    case "final":
      return `Claims root ${claimsRoot} is final: holders claim with 'l2 claim submit'.`;
  }
}
