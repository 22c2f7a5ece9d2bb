import { existsSync, readFileSync } from "node:fs";
import { SeenBlocks } from "@phala-l2/node/gossip/seen-blocks";
import { compressSnappy } from "@phala-l2/node/gossip/snappy";
import { blockAt, CHAIN_ID, NOW, SEQUENCER, SEQUENCER_KEY } from "@phala-l2/node/gossip/testing/blocks";
import { blocksTopic, blocksTopics, messageContent, messageId } from "@phala-l2/node/gossip/topic";
import { type GossipRules, judgeMessage, MAX_BLOCKS_PER_HEIGHT } from "@phala-l2/node/gossip/validate";
import { type Address, asHash, bytesEqual, concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import type { Fork, RollupConfig } from "@phala-l2/protocol/config/rollup";
import { forksUpTo, testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { type Signature, signatureToBytes, signDigest } from "@phala-l2/protocol/secp256k1";
import type { Header } from "@phala-l2/protocol/wire/header";
import {
  encodeUnsafeBlock,
  readUnsafeBlockSignature,
  type UnsafeBlockVersion,
  unsafeBlockDigest,
  unsafeBlockSigner,
} from "@phala-l2/protocol/wire/unsafe-block";
import { mutated, Random } from "../../derivation/random.ts";
import { defineCases } from "./cases.ts";

/**
 * Hostile peers, and a hostile sequencer: messages changed before and after compression, signed anew or not, on
 * topics that may be none. A message is judged as the network's validator does; judging neither throws nor depends
 * on anything but the message, and what is accepted is the announced block, bytes and all.
 */

/** Measured 175 MiB in 100,000 cases; a message is inflated to at most 10 MiB, and sliced once more. */
const BOUND_MIB = 384;
/** Real messages, tried too where they are. */
const REAL_MESSAGES = "../shared/vectors/op/gossip/gossip-and-real-blocks.json";
const VERSIONS: readonly [UnsafeBlockVersion, ...UnsafeBlockVersion[]] = [1, 2, 3, 4];
const LAST_FORK: Readonly<Record<UnsafeBlockVersion, readonly [Fork, ...Fork[]]>> = {
  1: ["regolith"],
  2: ["canyon", "delta"],
  3: ["ecotone", "holocene"],
  4: ["isthmus", "jovian"],
};
const SIGNATURE_LENGTH = 65;
/** Zeros of a message that inflates as far as snappy can. */
const MUCH = 1 << 20;

type Source = { readonly message: Uint8Array; readonly version: UnsafeBlockVersion; readonly now: bigint };
type Sources = { readonly own: readonly Source[]; readonly real: readonly Source[] };
type Message = {
  readonly topic: string;
  readonly data: Uint8Array;
  readonly config: RollupConfig;
  readonly signer: Address | undefined;
  readonly now: bigint;
  /** Other blocks of its height that came before, and whether it came itself. */
  readonly before: number;
  readonly isRepeated: boolean;
};

function sign(digest: Uint8Array): Signature {
  return signDigest(asHash(digest), SEQUENCER_KEY);
}

/** The header's fields that a version has not. */
function withoutLater(version: UnsafeBlockVersion): Partial<Header> {
  return {
    ...(version < 4 && { requestsHash: undefined, blobGasUsed: version === 3 ? 0n : undefined }),
    ...(version < 3 && { excessBlobGas: undefined, parentBeaconBlockRoot: undefined }),
    ...(version < 2 && { withdrawalsRoot: undefined }),
  };
}

function ownMessage(random: Random, version: UnsafeBlockVersion): Source {
  const changes: Partial<Header>[] = [
    {},
    { timestamp: NOW - BigInt(random.below(120)) },
    { timestamp: NOW + BigInt(random.below(10)) },
    { timestamp: random.pick([0n, (1n << 64n) - 1n]) },
    { excessBlobGas: 1n },
    { blobGasUsed: BigInt(random.below(3)) },
    { extraData: random.bytes(random.below(40)) },
    { gasUsed: (1n << 64n) - 1n, baseFeePerGas: (1n << 256n) - 1n },
  ];
  const change = changes[random.below(changes.length)] ?? {};
  const block = blockAt(BigInt(random.below(5)), { ...change, ...withoutLater(version) }, random.below(9));
  return { message: encodeUnsafeBlock(block, CHAIN_ID, sign), version, now: NOW };
}

/** Signed once: signing is what takes the time. */
const OWN_MESSAGES = 256;

function ownMessages(random: Random): readonly Source[] {
  return Array.from({ length: OWN_MESSAGES }, (_, i) =>
    ownMessage(random, VERSIONS[i % VERSIONS.length] ?? 4),
  );
}

function realMessages(): readonly Source[] {
  if (!existsSync(REAL_MESSAGES)) return [];
  const vectors: readonly { topicVersion: UnsafeBlockVersion; compressed: string; timestamp: number }[] =
    JSON.parse(readFileSync(REAL_MESSAGES, "utf8")).networkPayloads;
  return vectors.flatMap(({ topicVersion, compressed, timestamp }) => {
    const content = messageContent(fromHex(compressed));
    if (content.kind === "invalid") return [];
    return [{ message: content.bytes, version: topicVersion, now: BigInt(timestamp) }];
  });
}

/** The message with its signature made good: the sequencer itself is the attacker. */
function signedAnew(message: Uint8Array): Uint8Array {
  const signed = message.subarray(SIGNATURE_LENGTH);
  const signature = sign(unsafeBlockDigest(keccak256(signed), CHAIN_ID));
  return concatBytes(signatureToBytes(signature), signed);
}

/** The content, and whom its topic's chain trusts. */
function contentOf(random: Random, { own, real }: Sources): Source {
  const from = random.below(3) === 0 && real.length > 0 ? real : own;
  const source = from[random.below(from.length)] ?? ownMessage(random, 4);
  switch (random.below(6)) {
    case 0:
      return source;
    case 1:
    case 2:
      return { ...source, message: mutated(random, source.message) };
    case 3:
      return { ...source, message: random.bytes(random.below(800)) };
    default:
      return { ...source, message: signedAnew(mutated(random, source.message)) };
  }
}

function compressed(random: Random, content: Uint8Array): Uint8Array {
  if (random.below(1_000) === 0) return compressSnappy(new Uint8Array(MUCH));
  const data = compressSnappy(content);
  switch (random.below(6)) {
    case 0:
      return mutated(random, data);
    case 1:
      // A length that was never meant.
      return concatBytes(
        Uint8Array.from({ length: 1 + random.below(5) }, () => random.next() & 0xff),
        data.subarray(2),
      );
    default:
      return data;
  }
}

function topicOf(random: Random, version: UnsafeBlockVersion): string {
  switch (random.below(12)) {
    case 0:
      return blocksTopic(CHAIN_ID, random.pick(VERSIONS));
    case 1:
      return Buffer.from(mutated(random, Buffer.from(blocksTopic(CHAIN_ID, version)))).toString("latin1");
    case 2:
      return random.pick(["", "__proto__", "constructor", blocksTopic(902n, version)]);
    default:
      return blocksTopic(CHAIN_ID, version);
  }
}

function signerOf(random: Random, { message }: Source): Address | undefined {
  const signed = readUnsafeBlockSignature(message);
  switch (random.below(8)) {
    case 0:
      return undefined;
    case 1:
    case 2:
      // Whoever signed a message that came from elsewhere.
      return signed === undefined ? SEQUENCER : unsafeBlockSigner(signed, CHAIN_ID);
    default:
      return SEQUENCER;
  }
}

function makeMessage(random: Random, sources: Sources): Message {
  const source = contentOf(random, sources);
  const fork = random.pick(LAST_FORK[source.version]);
  return {
    topic: topicOf(random, source.version),
    data: compressed(random, source.message),
    config: testRollup({ l2ChainId: CHAIN_ID, forks: forksUpTo(fork) }),
    signer: signerOf(random, source),
    now: source.now,
    before: random.below(4) === 0 ? random.below(MAX_BLOCKS_PER_HEIGHT + 3) : 0,
    isRepeated: random.below(16) === 0,
  };
}

/** What stands in the signed part of an accepted message is the block, and nothing else. */
function checkAccepted(
  { data, signer, config }: Message,
  block: Parameters<typeof encodeUnsafeBlock>[0],
): void {
  const content = messageContent(data);
  if (content.kind === "invalid") throw new Error("a message was accepted that does not inflate");
  const again = encodeUnsafeBlock(block, config.l2ChainId, sign);
  if (!bytesEqual(again.subarray(SIGNATURE_LENGTH), content.bytes.subarray(SIGNATURE_LENGTH))) {
    throw new Error("an accepted block has another encoding");
  }
  const signed = readUnsafeBlockSignature(content.bytes);
  const author = signed && unsafeBlockSigner(signed, config.l2ChainId);
  if (author === undefined || signer === undefined || !bytesEqual(author, signer)) {
    throw new Error("a block of another signer was accepted");
  }
}

function judge(message: Message): string {
  const { topic, data, config, signer, now } = message;
  const id = messageId(topic, data);
  if (!bytesEqual(id, messageId(topic, data.slice()))) throw new Error("one message has two ids");
  const version = blocksTopics(config).get(topic);
  if (version === undefined) return "reject: topic-unknown";
  const rules: GossipRules = { config, signer, now, seen: new SeenBlocks() };
  const alone = judgeMessage(data, version, rules);
  if (alone.kind !== "accept") return `${alone.kind}: ${alone.reason}`;
  checkAccepted(message, alone.block);
  const seen = new SeenBlocks();
  const { number } = alone.block.header;
  for (let i = 0; i < message.before; i++) seen.add(number, keccak256(Uint8Array.of(i)));
  if (message.isRepeated) seen.add(number, alone.hash);
  const later = judgeMessage(data, version, { ...rules, seen });
  const known = seen.count(number);
  const wanted = known > MAX_BLOCKS_PER_HEIGHT ? "reject" : message.isRepeated ? "ignore" : "accept";
  if (later.kind !== wanted) throw new Error(`${wanted} is wanted of what came before, not ${later.kind}`);
  return later.kind === "accept" ? "accept" : `${later.kind}: ${later.reason}`;
}

export const gossipTarget = defineCases<Message>({
  name: "gossip",
  boundMiB: BOUND_MIB,
  prepare: async (seed) => {
    const sources = { own: ownMessages(new Random(seed)), real: realMessages() };
    return {
      make: (random) => makeMessage(random, sources),
      bytes: ({ topic, data }) => concatBytes(Buffer.from(`${topic}\n`), data),
      judge,
    };
  },
});
