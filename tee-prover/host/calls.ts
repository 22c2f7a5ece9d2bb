import { anchorStateRegistryAbi } from "@phala-l2/contracts/abi/anchor-state-registry";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import type { SignedClaim } from "@phala-l2/enclave/session";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { encodeAbiParameters, encodeFunctionData, zeroAddress } from "viem";
import { GAME_TYPE, type SettlementAddresses } from "./games.ts";
import type { Call } from "./l1-transactions.ts";
import type { Proposal } from "./strategy.ts";

/** The contracts' calls that a prover makes. */

export function proveCall(game: Hex, { claim, signature }: SignedClaim): Call {
  const args = [toHex(claim.outputRoot), toHex(signature)] as const;
  return { to: game, data: encodeFunctionData({ abi: multiProofGameAbi, functionName: "prove", args }) };
}

export function createCall(
  { disputeGameFactory }: SettlementAddresses,
  { parent }: Proposal,
  l1HeadNumber: bigint,
  { claim, signature }: SignedClaim,
): Call {
  const extraData = encodeAbiParameters(
    [{ type: "uint256" }, { type: "address" }],
    [claim.l2BlockNumber, parent ?? zeroAddress],
  );
  const args = [
    GAME_TYPE,
    toHex(claim.outputRoot),
    extraData,
    toHex(claim.l1Head),
    l1HeadNumber,
    toHex(signature),
  ] as const;
  const data = encodeFunctionData({ abi: disputeGameFactoryAbi, functionName: "createWithProof", args });
  return { to: disputeGameFactory, data };
}

export function resolveCall(game: Hex): Call {
  return { to: game, data: encodeFunctionData({ abi: multiProofGameAbi, functionName: "resolve" }) };
}

export function anchorCall({ anchorStateRegistry }: SettlementAddresses, game: Hex): Call {
  const args = [game] as const;
  const data = encodeFunctionData({ abi: anchorStateRegistryAbi, functionName: "setAnchorState", args });
  return { to: anchorStateRegistry, data };
}
