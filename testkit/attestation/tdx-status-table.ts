import { enclaveReport, tdReport } from "@phala-l2/tee-prover/attest/dangerously-simulated/intel";
import type { PckExtensions } from "@phala-l2/tee-prover/verify/intel/pck";
import { readEnclaveReport, readTdReport } from "@phala-l2/tee-prover/verify/intel/reports";
import { appraiseTcb } from "@phala-l2/tee-prover/verify/intel/tcb";
import type { TcbInfo } from "@phala-l2/tee-prover/verify/intel/tcb-info";
import {
  ENCLAVE_STATUSES,
  PLATFORM_STATUSES,
  TCB_STATUSES,
} from "@phala-l2/tee-prover/verify/intel/tcb-status";

const ZEROS = Array<number>(16).fill(0);
const svns = (...first: readonly number[]) => [...first, ...ZEROS].slice(0, 16);
const module = {
  mrSigner: new Uint8Array(48),
  attributes: new Uint8Array(8),
  attributesMask: new Uint8Array(8),
};
const level = { components: ZEROS, pceSvn: 0, advisoryIds: [] };
/** Of quoting enclave and module: from a version on, in the order of the statuses. */
const LEAST_SVN = [5, 4, 2] as const;
const enclaveLevels = ENCLAVE_STATUSES.map((status, i) => ({
  isvSvn: LEAST_SVN[i] ?? 0,
  status,
  advisoryIds: [],
}));

const pck: PckExtensions = {
  kind: "pck",
  ppid: "",
  components: ZEROS,
  pceSvn: 0,
  cpuSvn: new Uint8Array(16),
  pceId: "0000",
  fmspc: "000000000000",
};

/**
 * What the verifier off-chain makes of each combination of statuses: one digit each (the index of the status), in the
 * order of these loops. The first level is reached by the platform, but not by the TD; the second by both.
 */
export function statusTable(): string {
  let table = "";
  for (const first of PLATFORM_STATUSES) {
    for (const second of PLATFORM_STATUSES) {
      const tcbInfo: TcbInfo = {
        id: "TDX",
        fmspc: pck.fmspc,
        pceId: pck.pceId,
        evaluationDataNumber: 0,
        issueDate: 0n,
        nextUpdate: 0n,
        tdxModule: module,
        tdxModuleIdentities: [{ ...module, id: "TDX_01", levels: enclaveLevels }],
        levels: [
          { ...level, tdxComponents: svns(0, 1, 9), status: first },
          { ...level, tdxComponents: ZEROS, status: second },
        ],
      };
      for (const moduleSvn of LEAST_SVN) {
        for (const qeSvn of LEAST_SVN) {
          const qeReport = readEnclaveReport(enclaveReport({ isvSvn: qeSvn }));
          const teeTcbSvn = svns(moduleSvn, 1, 7);
          const bodies = [
            readTdReport(tdReport("td10", { teeTcbSvn }), "td10"),
            ...[svns(5, 1, 8), svns(4, 1, 9), svns(5, 2, 9), svns(5, 1, 9), svns(0, 0, 9)].map((teeTcbSvn2) =>
              readTdReport(tdReport("td15", { teeTcbSvn, teeTcbSvn2 }), "td15"),
            ),
          ];
          for (const body of bodies) {
            const { status } = appraiseTcb({ tcbInfo, qeLevels: enclaveLevels, qeReport, pck, body });
            table += status === undefined ? "-" : TCB_STATUSES.indexOf(status);
          }
        }
      }
    }
  }
  return table;
}
