import { fromHex } from "@phala-l2/protocol/bytes";
import {
  DRIVER,
  DRIVER_INDICES,
  type GoldenDraft,
  measurementOf,
  VBIOS,
  VBIOS_INDICES,
} from "@phala-l2/tee-prover/attest/dangerously-simulated/nvidia";
import { goldenOf } from "@phala-l2/tee-prover/verify/nvidia/golden";
import type { Rim } from "@phala-l2/tee-prover/verify/nvidia/rim";

/** RIMs as they are once they are verified; undefined keeps the development GPU's. */
export type RimsDraft = {
  readonly driver?: string;
  readonly vbios?: string;
  readonly driverIndices?: readonly GoldenDraft[];
  readonly vbiosIndices?: readonly GoldenDraft[];
};

const NVDEC0 = { index: 35 };

/** What reports are compared with: what fits the development GPU, and one for each way in which it does not. */
export const goldenDrafts = {
  plain: {},
  ofOtherDriver: { driver: "580.95.06" },
  ofOtherVbios: { vbios: "96.00.74.00.1B" },
  lowerCase: { driver: "580.95.05-RC" },
  longText: { driver: "5".repeat(64) },
  otherValue: { vbiosIndices: [{ index: 0, values: ["99".repeat(48)] }] },
  otherSize: { vbiosIndices: [{ index: 0, values: [measurementOf(0).slice(0, 64)] }] },
  withNvdec0: { driverIndices: [...DRIVER_INDICES, NVDEC0] },
  withOtherNvdec0: { driverIndices: [...DRIVER_INDICES, { index: 35, values: ["99".repeat(48)] }] },
  beyondTheLast: { driverIndices: [...DRIVER_INDICES, { index: 40 }] },
  ofAll: { driverIndices: Array.from({ length: 32 }, (_, i) => ({ index: i + 2 })) },
} as const satisfies Readonly<Record<string, RimsDraft>>;

function rimOf(version: string, drafts: readonly GoldenDraft[]): Rim {
  const active = drafts.filter((draft) => draft.active !== false);
  const measurements = active.map(({ index, values = [measurementOf(index)] }) => ({ index, values }));
  return { kind: "rim", version, product: "GH100", tagId: version, measurements };
}

/** The RIMs themselves, as the verifier off-chain takes them. */
export function rimsFrom(draft: RimsDraft): readonly Rim[] {
  return [
    rimOf(draft.driver ?? DRIVER, draft.driverIndices ?? DRIVER_INDICES),
    rimOf(draft.vbios ?? VBIOS, draft.vbiosIndices ?? VBIOS_INDICES),
  ];
}

/** The same as L1 takes them. */
export function goldenFrom(draft: RimsDraft): Uint8Array {
  const golden = goldenOf(rimsFrom(draft));
  if (golden.kind === "golden") return golden.bytes;
  throw new TypeError(`${golden.field}: ${golden.found}`);
}

/** A version's bytes before the entries, for what only bytes can say. */
export function versionsOnly(): Uint8Array {
  return goldenFrom({}).subarray(0, 2 + DRIVER.length + VBIOS.length);
}

/** Golden measurements that no RIMs lead to. */
export const malformedGoldens: Readonly<Record<string, Uint8Array>> = {
  empty: new Uint8Array(0),
  withoutEntries: versionsOnly(),
  cutVersion: versionsOnly().subarray(0, 5),
  cutEntry: goldenFrom({}).subarray(0, -1),
  cutHead: Uint8Array.from([...versionsOnly(), ...fromHex("0130")]),
  outOfOrder: Uint8Array.from([...goldenFrom({}), ...goldenFrom({}).subarray(versionsOnly().length)]),
};
