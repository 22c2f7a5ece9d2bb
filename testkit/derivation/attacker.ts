import { encodeSingular } from "@phala-l2/protocol/wire/batch";
import { encodeBlob } from "@phala-l2/protocol/wire/blob";
import { encodeFrames, type Frame } from "@phala-l2/protocol/wire/frame";
import { channelId, channelOf, framesIn, singularChannel, spanPayload } from "./batcher-data.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { mutated, type Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";

type Several = readonly [Uint8Array, ...Uint8Array[]];

/**
 * A batcher gone mad. What its mutations start from are the next blocks of the very chain, so that only the
 * mutation is wrong.
 */
export class Attacker {
  readonly #random: Random;
  readonly #scenario: Scenario;
  #payloads: Several = [new Uint8Array(1)];
  #channels: Several = [new Uint8Array(1)];

  constructor(random: Random, scenario: Scenario) {
    this.#random = random;
    this.#scenario = scenario;
  }

  /** The same attacker, with the same knowledge, on other random numbers. */
  with(random: Random): Attacker {
    const other = new Attacker(random, this.#scenario);
    other.#payloads = this.#payloads;
    other.#channels = this.#channels;
    return other;
  }

  /** Builds on the sequencer's head, which is left as it was. */
  study(): void {
    const { config, sequencer } = this.#scenario;
    const head = sequencer.head.ref.number;
    const batches = this.#scenario.sequenceMany(3, (i) => [l2Transaction(i), l2Transaction(i + 5)]);
    sequencer.rewind(head);
    const [first, ...rest] = batches.map(encodeSingular);
    if (first === undefined) throw new Error("three blocks were built");
    const span = spanPayload(config, batches, false);
    this.#payloads = [first, ...rest, span];
    this.#channels = [
      singularChannel(batches),
      singularChannel(batches, "brotli"),
      channelOf(this.#payloads),
      channelOf([span], "brotli"),
    ];
  }

  /** A batch encoding with some changes, or noise behind a version byte. */
  batch(): Uint8Array {
    const random = this.#random;
    if (random.below(8) > 0) return mutated(random, random.pick(this.#payloads));
    return Uint8Array.from([random.below(3), ...random.bytes(random.below(80))]);
  }

  /** Mutated batches in a sound channel, a mutated channel, or noise with or without a channel's first byte. */
  channel(): Uint8Array {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
      case 1:
        return random.bytes(random.below(60));
      case 2:
        return Uint8Array.from([random.pick([0x78, 0x01, 0x1f]), ...random.bytes(random.below(60))]);
      case 3:
      case 4:
        return mutated(random, random.pick(this.#channels));
      default: {
        const payloads = Array.from({ length: 1 + random.below(3) }, () => random.pick(this.#payloads));
        const spoiled = random.below(payloads.length);
        return channelOf(payloads.map((payload, i) => (i === spoiled ? mutated(random, payload) : payload)));
      }
    }
  }

  /** The frames of a channel that may be sound, one to eight, with some swapped, repeated, lost or cut short. */
  stream(): readonly Frame[] {
    const random = this.#random;
    const channel = random.below(2) === 0 ? this.channel() : random.pick(this.#channels);
    const frames = [...framesIn(1 + random.below(8), channelId(random.below(3)), channel)];
    for (let changes = random.below(4); changes > 0 && frames.length > 0; changes--) {
      const at = random.below(frames.length);
      const frame = frames[at];
      if (frame === undefined) break;
      switch (random.below(5)) {
        case 0:
          frames.splice(at, 1);
          break;
        case 1:
          frames.splice(random.below(frames.length + 1), 0, frame);
          break;
        case 2:
          frames.push(...frames.splice(at, 1));
          break;
        case 3:
          frames[at] = { ...frame, isLast: !frame.isLast };
          break;
        default:
          frames[at] = { ...frame, data: frame.data.subarray(0, random.below(frame.data.length + 1)) };
      }
    }
    return frames;
  }

  /** Data of a batcher transaction: noise, or frames that were changed as bytes. */
  data(): Uint8Array {
    const random = this.#random;
    if (random.below(4) === 0) return random.bytes(random.below(200));
    const frames = [...this.stream(), ...this.stream()];
    return frames.length === 0 ? random.bytes(2) : mutated(random, encodeFrames(frames));
  }

  /** Such data in a blob, of which a byte may be wrong. */
  blob(): Uint8Array {
    const random = this.#random;
    const blob = encodeBlob(this.data());
    if (random.below(2) === 0) return blob;
    blob[random.below(2) === 0 ? random.below(600) : random.below(blob.length)] = random.next() & 0xff;
    return blob;
  }
}
