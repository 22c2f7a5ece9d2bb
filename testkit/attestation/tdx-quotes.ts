import { newKey, pointOf } from "@phala-l2/tee-prover/attest/dangerously-simulated/authority";
import type { QuoteDraft } from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";

const teeTcbSvn = (...first: readonly number[]) => [...first, ...Array<number>(16 - first.length).fill(0)];
const oneAtTheEnd = Uint8Array.from({ length: 100 }, (_, i) => (i === 99 ? 1 : 0));

/** Quotes of a development platform: good ones, and one for each way in which a signed quote can be wrong. */
export const quoteDrafts = {
  td10: { format: "td10" },
  td10InVersion5: { format: "td10", version: 5 },
  td15: { format: "td15", td: { mrServiceTd: "5e".repeat(48) } },
  padded: { format: "td10", padding: new Uint8Array(3000) },
  trailing: { format: "td10", padding: oneAtTheEnd },
  tooLarge: { format: "td10", padding: new Uint8Array(32_768) },
  newestModule: { format: "td15", td: { teeTcbSvn: teeTcbSvn(5, 1, 7) } },
  oldModule: { format: "td10", td: { teeTcbSvn: teeTcbSvn(4, 1, 7) } },
  revokedModule: { format: "td10", td: { teeTcbSvn: teeTcbSvn(2, 1, 7) } },
  unlistedModule: { format: "td10", td: { teeTcbSvn: teeTcbSvn(1, 1, 7) } },
  unknownModule: { format: "td10", td: { teeTcbSvn: teeTcbSvn(5, 2, 7) } },
  otherModule: { format: "td10", td: { mrSignerSeam: `01${"00".repeat(47)}` } },
  moduleAttributes: { format: "td10", td: { seamAttributes: "0100000000000000" } },
  oldTd: { format: "td10", td: { teeTcbSvn: teeTcbSvn(5, 0, 6) } },
  debug: { format: "td10", td: { tdAttributes: "0100001000000000" } },
  profiled: { format: "td15", td: { tdAttributes: "8000001000000000" } },
  qeOfOther: { format: "td10", qe: { mrSigner: "12".repeat(32) } },
  qeDebug: { format: "td10", qe: { attributes: "13000000000000000000000000000000" } },
  qeAttributes: { format: "td10", qe: { attributes: "31000000000000000000000000000000" } },
  qeProduct: { format: "td10", qe: { isvProdId: 1 } },
  qeMisc: { format: "td10", qe: { miscSelect: "01000000" } },
  qeOutOfDate: { format: "td10", qe: { isvSvn: 6 } },
  qeRevoked: { format: "td10", qe: { isvSvn: 4 } },
  qeUnlisted: { format: "td10", qe: { isvSvn: 3 } },
  withoutData: { format: "td10", authenticationData: new Uint8Array(0) },
  unbound: { format: "td10", qe: { reportData: new Uint8Array(64) } },
  boundWithMore: { format: "td10", qe: { reportData: new Uint8Array(64).fill(1) } },
  otherKey: { format: "td10", attestationPoint: pointOf(newKey()) },
  noKey: { format: "td10", attestationPoint: new Uint8Array(64).fill(7) },
  enclave: { format: "sgx" },
  enclaveInVersion4: { format: "sgx", version: 4 },
  tdInVersion3: { format: "td10", version: 3 },
  unknownTee: { format: "td10", teeType: 130 },
  certificationType: { format: "td10", certificationType: 1 },
  bodyType: { format: "td15", bodyType: 1 },
  bodySize: { format: "td15", bodySize: 584 },
  vendor: { format: "td10", vendor: "00".repeat(16) },
  keyType: { format: "td10", keyType: 3 },
  version6: { format: "td15", version: 6 },
} as const satisfies Readonly<Record<string, QuoteDraft>>;
