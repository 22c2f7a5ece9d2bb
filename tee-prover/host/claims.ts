import { setImmediate as nextTurn } from "node:timers/promises";
import type { Enclave, SignedClaim } from "@phala-l2/enclave/session";
import type { Clock } from "@phala-l2/node/clock";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Log } from "@phala-l2/protocol/log";
import { collectWitness, type OwnChain, type WitnessL1, type WitnessRequest } from "./collect-witness.ts";

/** Gives the enclave's signed claim for a request: collects the witness, and has it proven. */
export type Claims = (request: WitnessRequest) => Promise<SignedClaim>;

export type ClaimsDependencies = {
  readonly enclave: Enclave;
  readonly chain: OwnChain;
  readonly l1: WitnessL1;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
};

const MILLISECONDS = 1000;

/**
 * The last claim is kept: a prover whose proposal was overtaken by an equal one needs the very same again.
 * @throws RollupError PROOF_DISAGREES, and what `collectWitness` and `Enclave.proveAndSign` throw
 */
export function createClaims({ enclave, chain, l1, clock, log, signal }: ClaimsDependencies): Claims {
  let last: { readonly name: string; readonly signed: SignedClaim } | undefined;
  return async (request) => {
    const name = nameOf(request);
    if (last?.name === name) return last.signed;
    const started = clock.now();
    const { witness, proof } = await collectWitness(request, { chain, l1, log, signal });
    const collected = clock.now();
    const { config } = chain;
    const { l1Head, previousOutputRoot, l2BlockNumber, mayBeAbsent } = request;
    const input = { config, l1Head, previousOutputRoot, l2BlockNumber, mayBeAbsent };
    const onBlock = () => {
      if (signal.aborted) throw new RollupError("STOPPED", "the prover is stopping");
      // The node of this process goes on following the chain between two blocks of a long proof.
      return nextTurn();
    };
    const signed = await enclave.proveAndSign(input, witness, { onBlock });
    if (!bytesEqual(signed.claim.outputRoot, proof.outputRoot)) {
      const data = { host: toHex(proof.outputRoot), enclave: toHex(signed.claim.outputRoot) };
      throw new RollupError("PROOF_DISAGREES", "host and enclave run different programs", { data });
    }
    log.info(
      {
        l2Block: l2BlockNumber,
        blocks: proof.blocks,
        witnessBytes: witness.length,
        collectSeconds: (collected - started) / MILLISECONDS,
        proveSeconds: (clock.now() - collected) / MILLISECONDS,
        outputRoot: toHex(proof.outputRoot),
      },
      "proven",
    );
    last = { name, signed };
    return signed;
  };
}

function nameOf({ l1Head, previousOutputRoot, l2BlockNumber }: WitnessRequest): string {
  return `${toHex(l1Head)} ${toHex(previousOutputRoot)} ${l2BlockNumber}`;
}
