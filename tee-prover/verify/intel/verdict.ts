import { toHex } from "@phala-l2/protocol/bytes";
import { type EvidenceFields, forged, judged, type Verdict } from "../verdict.ts";
import { appraiseIntel, type IntelPolicy } from "./policy.ts";
import { type EnclaveReport, isDebugEnclave, isDebugTd, type TdReport } from "./reports.ts";
import { type IntelEvidence, type IntelInput, verifyIntelQuote } from "./verify.ts";

function hex(bytes: Uint8Array): string {
  return toHex(bytes).slice(2);
}

function enclaveFields(report: EnclaveReport): EvidenceFields {
  return {
    mr_enclave: hex(report.mrEnclave),
    mr_signer: hex(report.mrSigner),
    isv_prod_id: report.isvProdId,
    isv_svn: report.isvSvn,
    config_id: hex(report.configId),
    config_svn: report.configSvn,
    attributes: hex(report.attributes),
    misc_select: hex(report.miscSelect),
    cpu_svn: hex(report.cpuSvn),
    debug: isDebugEnclave(report),
    report_data: hex(report.reportData),
  };
}

function tdFields(report: TdReport): EvidenceFields {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmr;
  const { extended } = report;
  return {
    mr_td: hex(report.mrTd),
    rtmr0: hex(rtmr0),
    rtmr1: hex(rtmr1),
    rtmr2: hex(rtmr2),
    rtmr3: hex(rtmr3),
    td_attributes: hex(report.tdAttributes),
    debug: isDebugTd(report),
    xfam: hex(report.xfam),
    tee_tcb_svn: hex(report.teeTcbSvn),
    mr_seam: hex(report.mrSeam),
    mr_signer_seam: hex(report.mrSignerSeam),
    seam_attributes: hex(report.seamAttributes),
    mr_config_id: hex(report.mrConfigId),
    mr_owner: hex(report.mrOwner),
    mr_owner_config: hex(report.mrOwnerConfig),
    report_data: hex(report.reportData),
    ...(extended === undefined
      ? {}
      : { mr_service_td: hex(extended.mrServiceTd), tee_tcb_svn2: hex(extended.teeTcbSvn2) }),
  };
}

function fieldsOf({ quote, pck, tcb, tcbEvaluationDataNumber }: IntelEvidence): EvidenceFields {
  const { body } = quote;
  return {
    quote_version: quote.version,
    tee: quote.tee.toUpperCase(),
    body: body.type,
    ...(body.type === "sgx" ? enclaveFields(body) : tdFields(body)),
    fmspc: pck.fmspc,
    pce_id: pck.pceId,
    pce_svn: pck.pceSvn,
    platform_cpu_svn: hex(pck.cpuSvn),
    ppid: pck.ppid,
    tcb_evaluation_data_number: tcbEvaluationDataNumber,
    advisory_ids: tcb.advisoryIds,
    advisories_digest: hex(tcb.advisoriesDigest),
    platform_status: tcb.platformStatus ?? null,
    qe_status: tcb.qeStatus ?? null,
    ...(tcb.tdxModule === undefined
      ? {}
      : {
          tdx_module_id: tcb.tdxModule.id,
          tdx_module_isv_svn: tcb.tdxModule.isvSvn,
          tdx_module_status: tcb.tdxModule.status ?? null,
        }),
    intel_status: tcb.intelStatus ?? null,
  };
}

/** Verifies a quote and judges it by a policy. */
export function judgeIntelQuote(input: IntelInput, policy: IntelPolicy): Verdict {
  const evidence = verifyIntelQuote(input);
  if (evidence.kind === "refused") return forged(evidence);
  return judged(evidence.tcb.status, fieldsOf(evidence), appraiseIntel(evidence, policy, input.at));
}
