import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { quantityHex } from "@phala-l2/node/rpc/format/hex";
import { method0, type RpcMethods } from "@phala-l2/node/rpc/method";
import { JsonText, result } from "@phala-l2/node/rpc/reply";
import { type Hex, toHex } from "@phala-l2/protocol/bytes";
import { expiriesOf } from "../attest/expiry.ts";
import type { Standing } from "../attest/renewal.ts";
import { type EvidenceAnswer, formatBinding, formatEvidenceAnswer } from "./evidence-answer.ts";

/** What a GPU beside the CPU does: it computes each proof's hashes a second time, or its report alone is shown. */
export type GpuWork = "recomputation" | "presence";

/** The prover's present key, and what speaks for it. */
export type KeyFacts = EvidenceAnswer & {
  readonly kind: ProverKind;
  readonly simulated: boolean;
  /** Identity of the image, as the registry keeps it. */
  readonly measurement: Hex;
  /** SHA-384 of the enclave's program, hex; undefined when it runs from the sources. */
  readonly program: string | undefined;
  /** Undefined without GPUs. */
  readonly gpuWork: GpuWork | undefined;
};

export type TeeView = {
  readonly facts: () => KeyFacts;
  /** What the registry says of a key; undefined when L1 does not answer. It costs L1 nothing to be asked often. */
  readonly standing: (key: Hex) => Promise<Standing | undefined>;
};

function standingJson(standing: Standing | undefined): object | null {
  if (standing === undefined) return null;
  const { isRegistered, isValid, expiresAt } = standing;
  return { isRegistered, isValid, expiresAt: expiresAt === undefined ? null : quantityHex(expiresAt) };
}

function statusJson(facts: KeyFacts, standing: Standing | undefined): object {
  const { kind, simulated, measurement, binding, evidence, program, gpuWork } = facts;
  const [first] = expiriesOf(evidence);
  const gpus = evidence.gpus.length;
  return {
    kind,
    simulated,
    ...formatBinding(binding),
    measurement,
    program: program === undefined ? null : `0x${program}`,
    gpus: gpuWork === undefined ? null : { count: quantityHex(BigInt(gpus)), work: gpuWork },
    firstExpiry: first === undefined ? null : { what: first.what, at: quantityHex(first.at) },
    standing: standingJson(standing),
  };
}

/**
 * What a prover tells anybody about itself, so that nobody has to believe it: `tee_evidence` is all that was signed for the
 * present key, `tee_status` the facts in short. Nothing can be changed by them, and no new evidence is made.
 */
export function teeMethods({ facts, standing }: TeeView): RpcMethods {
  let made: { readonly of: KeyFacts; readonly json: JsonText } | undefined;
  return {
    tee_evidence: method0(() => {
      const present = facts();
      // Made once a key: with manifests of GPUs it has megabytes.
      if (made?.of !== present) made = { of: present, json: new JsonText(formatEvidenceAnswer(present)) };
      return result(made.json);
    }),
    tee_status: method0(async () => {
      const present = facts();
      return result(statusJson(present, await standing(toHex(present.binding.key))));
    }),
  };
}
