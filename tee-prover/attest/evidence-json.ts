import { fromHex, toHex } from "@phala-l2/protocol/bytes";
import { JsonObject } from "@phala-l2/protocol/config/json-reader";
import { RollupError } from "@phala-l2/protocol/errors";
import type { Evidence, GpuEvidence, HostEvidence } from "./evidence.ts";

/** Of this file's format. */
const VERSION = 1n;

type Fields = Readonly<Record<string, unknown>>;

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes);
}

function hostFields(host: HostEvidence): Fields {
  return host.kind === "TDX"
    ? {
        kind: host.kind,
        quote: toHex(host.quote),
        collateral: host.collateral,
        eventLog: host.eventLog,
        compose: host.compose,
      }
    : {
        kind: host.kind,
        report: toHex(host.report),
        leaf: hexOf(host.leaf),
        chain: hexOf(host.chain),
        crl: hexOf(host.crl),
      };
}

/** Evidence as UTF-8 JSON: bytes as hex with 0x, texts as they are, what is missing left out. */
export function encodeEvidence({ host, gpus }: Evidence): Uint8Array {
  const devices = gpus.map(({ index, report, certificates, rims }) => ({
    index,
    report: toHex(report),
    certificates,
    rims,
  }));
  const fields = { version: Number(VERSION), host: hostFields(host), gpus: devices };
  return new TextEncoder().encode(JSON.stringify(fields));
}

function optionalText(json: JsonObject, name: string): string | undefined {
  return json.has(name) ? json.text(name) : undefined;
}

function optionalBytes(json: JsonObject, name: string): Uint8Array | undefined {
  return json.has(name) ? fromHex(json.text(name)) : undefined;
}

function readHost(json: JsonObject): HostEvidence {
  const kind = json.text("kind");
  if (kind === "TDX") {
    return {
      kind,
      quote: fromHex(json.text("quote")),
      collateral: optionalText(json, "collateral"),
      eventLog: optionalText(json, "eventLog"),
      compose: optionalText(json, "compose"),
    };
  }
  if (kind !== "SEV_SNP") throw new SyntaxError(`host.kind is TDX or SEV_SNP, not '${kind}'`);
  return {
    kind,
    report: fromHex(json.text("report")),
    leaf: optionalBytes(json, "leaf"),
    chain: optionalBytes(json, "chain"),
    crl: optionalBytes(json, "crl"),
  };
}

function readGpu(json: JsonObject): GpuEvidence {
  return {
    index: Number(json.integer("index")),
    report: fromHex(json.text("report")),
    certificates: json.text("certificates"),
    rims: json.texts("rims"),
  };
}

/** Reads what `encodeEvidence` writes; nothing of it is verified. @throws RollupError EVIDENCE_MALFORMED */
export function decodeEvidence(bytes: Uint8Array): Evidence {
  try {
    const json = new JsonObject(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), "");
    if (json.integer("version") !== VERSION) throw new SyntaxError(`version ${VERSION} is wanted`);
    return { host: readHost(json.object("host")), gpus: json.objects("gpus").map(readGpu) };
  } catch (error) {
    throw new RollupError("EVIDENCE_MALFORMED", "the file is no evidence of this version", { cause: error });
  }
}
