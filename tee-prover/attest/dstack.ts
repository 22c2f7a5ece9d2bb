import { existsSync } from "node:fs";
import { DstackClient } from "@phala/dstack-sdk";
import { fromHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import { REPORT_DATA_BYTES } from "./commitments.ts";
import type { HostEvidence, HostSource } from "./evidence.ts";
import { requireReportData } from "./measurement.ts";

/** The guest agent's socket in a container of dstack's. */
export const DSTACK_SOCKET = "/var/run/dstack.sock";
/** A quote takes the host's quoting enclave a second or two. */
const TIMEOUT_MS = 30_000;

export type DstackOptions = {
  /** A socket's path; never a URL, which would lead to a simulator or to another machine. */
  readonly socket?: string;
  readonly timeoutMs?: number;
};

function answered(message: string, cause?: unknown): RollupError {
  return new RollupError("EVIDENCE_DSTACK_ANSWER", `dstack's guest agent ${message}`, { cause });
}

function hasErrno(error: unknown): boolean {
  return error instanceof Error && "code" in error;
}

/** The client waits without a bound where a server closes neither its answer nor its socket. */
async function withTimeout<Value>(
  call: Promise<Value>,
  socket: string,
  milliseconds: number,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `dstack's guest agent at ${socket} does not answer within ${milliseconds} ms`;
      reject(new RollupError("EVIDENCE_DSTACK_UNREACHABLE", message, { data: { socket } }));
    }, milliseconds);
  });
  try {
    return await Promise.race([call, limit]);
  } catch (error) {
    if (error instanceof RollupError) throw error;
    if (hasErrno(error)) {
      const message = `dstack's guest agent cannot be reached at ${socket}`;
      throw new RollupError("EVIDENCE_DSTACK_UNREACHABLE", message, { data: { socket }, cause: error });
    }
    throw answered("refused, or answered something else than was asked for", error);
  } finally {
    clearTimeout(timer);
  }
}

function quoteOf(answer: object): Uint8Array {
  const quote = "quote" in answer ? answer.quote : undefined;
  if (typeof quote !== "string" || !/^(?:0x)?(?:[\da-fA-F]{2})+$/.test(quote)) {
    throw answered("gave no quote");
  }
  return fromHex(quote.startsWith("0x") ? quote : `0x${quote}`);
}

/** The list as JSON text; the agent gives it as text within its JSON. */
function eventLogOf(answer: object): string {
  const log = "event_log" in answer ? answer.event_log : undefined;
  if (typeof log !== "string") throw answered("gave no event log");
  try {
    if (Array.isArray(JSON.parse(log))) return log;
  } catch (error) {
    throw answered("gave an event log that is no JSON", error);
  }
  throw answered("gave an event log that is no list");
}

/** app-compose.json, whose hash the event log has. */
function composeOf(info: object): string {
  const tcb: unknown = "tcb_info" in info ? info.tcb_info : undefined;
  const compose =
    typeof tcb === "object" && tcb !== null && "app_compose" in tcb ? tcb.app_compose : undefined;
  if (typeof compose === "string") return compose;
  throw answered("gave no app-compose.json");
}

/** Evidence of a TD in a container of dstack's, with what was measured at its start. */
export function dstackTdx({
  socket = DSTACK_SOCKET,
  timeoutMs = TIMEOUT_MS,
}: DstackOptions = {}): HostSource {
  async function ask(reportData: Uint8Array): Promise<HostEvidence> {
    if (!existsSync(socket)) {
      const message = `there is no socket of dstack's guest agent at ${socket}; mount it into the container`;
      throw new RollupError("EVIDENCE_DSTACK_UNREACHABLE", message, { data: { socket } });
    }
    const client = new DstackClient(socket);
    const answer = await withTimeout(client.getQuote(reportData), socket, timeoutMs);
    const quote = quoteOf(answer);
    const eventLog = eventLogOf(answer);
    const info = await withTimeout(client.info(), socket, timeoutMs);
    return { kind: "TDX", quote, collateral: undefined, eventLog, compose: composeOf(info) };
  }

  return {
    kind: "TDX",
    simulated: false,
    evidence: async (reportData) => {
      if (reportData.length !== REPORT_DATA_BYTES) {
        const message = `report data has ${REPORT_DATA_BYTES} bytes, not ${reportData.length}`;
        throw new RollupError("BYTES_LENGTH", message);
      }
      const evidence = await ask(reportData);
      requireReportData(evidence, reportData);
      return evidence;
    },
  };
}
