// Speaks as the device's process does, without any device: digests come from the CPU, or not at all. BEHAVIOUR says
// what it does wrong; a message that is the word BREAK brings it about, where it is not at the start.
import { keccak256 } from "@phala-l2/protocol/keccak";
import { DIGEST_BYTES, RATE_BYTES } from "../batch.ts";
import type { Question } from "../messages.ts";

const BREAK = "BREAK";
const DEVICE = { vendor: "double", architecture: "", description: "of a test", isSoftware: true };

const behaviour = process.env.BEHAVIOUR ?? "";

function say(answer: unknown): void {
  process.send?.(answer);
}

/** The message without its padding, which ends with the last byte 0x01 or 0x81 before zeros. */
function unpadded(padded: Uint8Array): Uint8Array {
  const last = padded.length - 1;
  const cleared = padded.with(last, (padded[last] ?? 0) & 0x7f);
  return padded.subarray(0, cleared.lastIndexOf(0x01));
}

function messagesOf({ data, spans }: Question): readonly Uint8Array[] {
  return Array.from({ length: spans.length / 2 }, (_, i) => {
    const start = 4 * (spans[2 * i] ?? 0);
    return unpadded(data.subarray(start, start + (spans[2 * i + 1] ?? 0) * RATE_BYTES));
  });
}

function digestWords(messages: readonly Uint8Array[]): Uint8Array {
  const words = new Uint8Array(DIGEST_BYTES * messages.length);
  for (const [i, message] of messages.entries()) {
    const digest = keccak256(message);
    for (let w = 0; w < 8; w++) {
      words.set(digest.subarray(4 * w, 4 * w + 4), 4 * (w * messages.length + i));
    }
  }
  return words;
}

const misbehave: Readonly<Record<string, (id: number, words: Uint8Array) => void>> = {
  crash: () => process.kill(process.pid, "SIGSEGV"),
  hang: () => {},
  short: (id, words) => say({ kind: "digests", id, words: words.subarray(1) }),
  lie: (id, words) => say({ kind: "digests", id, words: words.map((byte) => byte ^ 1) }),
  fail: (id) => say({ kind: "failed", id, detail: "out of memory" }),
  babble: () => say("something else"),
  "ready-again": () => say({ kind: "ready", device: DEVICE }),
  "no-bytes": (id) => say({ kind: "digests", id, words: "0x00" }),
};

function answer(question: Question): void {
  const messages = messagesOf(question);
  const words = digestWords(messages);
  const isCue = messages.some((message) => new TextDecoder().decode(message) === BREAK);
  const wrong =
    isCue || behaviour === "wrong" ? misbehave[behaviour === "wrong" ? "lie" : behaviour] : undefined;
  if (wrong === undefined) say({ kind: "digests", id: question.id, words });
  else wrong(question.id, words);
}

process.on("disconnect", () => process.exit());
process.on("message", answer);
switch (behaviour) {
  case "silent":
    break;
  case "gone":
    process.stderr.write("no such driver\n", () => process.exit(1));
    break;
  case "babble-first":
    say({ kind: "digests", id: 0, words: new Uint8Array(0) });
    break;
  case "none":
    say({ kind: "absent", reason: "no-device", detail: "nothing here" });
    break;
  case "unknown-reason":
    say({ kind: "absent", reason: "bad-mood", detail: "nothing here" });
    break;
  default:
    say({ kind: "ready", device: DEVICE });
}
