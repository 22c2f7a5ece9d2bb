import { type Address, bytesEqual, type Hash } from "@phala-l2/protocol/bytes";
import { isRecord } from "@phala-l2/protocol/json-record";
import { bloomBits, bloomHasBits, type Log, MAX_TOPICS } from "@phala-l2/protocol/wire/receipt";
import {
  address,
  type BlockReference,
  blockNumber,
  hash,
  invalid,
  LATEST,
  ok,
  type Parse,
  type Parsed,
} from "../parameters.ts";

/** What logs a caller wants. No addresses: any. A topic position of undefined: any. */
export type LogPattern = {
  readonly addresses: readonly Address[];
  readonly topics: readonly (readonly Hash[] | undefined)[];
};

/** Where it wants them from: one block, or a range of canonical ones. */
export type LogQuery = LogPattern &
  (
    | { readonly kind: "block"; readonly blockHash: Hash }
    | { readonly kind: "range"; readonly from: BlockReference; readonly to: BlockReference }
  );

/** Whether a log is one of those wanted. */
export function matchesPattern(pattern: LogPattern, log: Log): boolean {
  if (pattern.addresses.length > 0 && !pattern.addresses.some((wanted) => bytesEqual(wanted, log.address))) {
    return false;
  }
  if (pattern.topics.length > log.topics.length) return false;
  return pattern.topics.every((wanted, position) => {
    const topic = log.topics[position];
    return wanted === undefined || (topic !== undefined && wanted.some((one) => bytesEqual(one, topic)));
  });
}

/** For each place of a pattern the bloom bits of its alternatives; undefined for any. */
type PatternBits = readonly (readonly (readonly number[])[] | undefined)[];

/** Hashed once: a subscription with thousands of alternatives is asked at each block. */
const knownBits = new WeakMap<LogPattern, PatternBits>();

function bitsOf(pattern: LogPattern): PatternBits {
  const known = knownBits.get(pattern);
  if (known !== undefined) return known;
  const { addresses, topics } = pattern;
  const places = [addresses.length === 0 ? undefined : addresses, ...topics];
  const bits = places.map((wanted) => wanted?.map(bloomBits));
  knownBits.set(pattern, bits);
  return bits;
}

/** Whether a block's bloom leaves room for a wanted log; false is certain, so most blocks need no receipts. */
export function mayMatch(pattern: LogPattern, bloom: Uint8Array): boolean {
  return bitsOf(pattern).every(
    (wanted) => wanted === undefined || wanted.some((bits) => bloomHasBits(bloom, bits)),
  );
}

function readAddresses(value: unknown, limit: number): Parsed<readonly Address[]> {
  if (value === undefined || value === null) return ok([]);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > limit) return invalid("exceed max addresses or topics per search position");
  const addresses: Address[] = [];
  for (const [index, item] of items.entries()) {
    if (typeof item !== "string") return invalid(`non-string address at index ${index}`);
    const read = address(item);
    if (read.kind === "invalid") return invalid(`invalid address at index ${index}: ${read.words}`);
    addresses.push(read.value);
  }
  return ok(addresses);
}

/** One position: null for any, a hash, or alternatives, among which null again means any. */
function readTopic(value: unknown, limit: number): Parsed<readonly Hash[] | undefined> {
  if (value === null || value === undefined) return ok(undefined);
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length > limit) return invalid("exceed max addresses or topics per search position");
  if (items.length === 0 || items.includes(null)) return ok(undefined);
  const topics: Hash[] = [];
  for (const item of items) {
    if (typeof item !== "string") return invalid("invalid topic(s)");
    const read = hash(item);
    if (read.kind === "invalid") return read;
    topics.push(read.value);
  }
  return ok(topics);
}

function readTopics(value: unknown, limit: number): Parsed<LogPattern["topics"]> {
  if (value === undefined || value === null) return ok([]);
  if (!Array.isArray(value)) return invalid("invalid topic(s)");
  if (value.length > MAX_TOPICS) return invalid("exceed max topics");
  const topics: (readonly Hash[] | undefined)[] = [];
  for (const item of value) {
    const read = readTopic(item, limit);
    if (read.kind === "invalid") return read;
    topics.push(read.value);
  }
  return ok(topics);
}

/** Addresses and topics alone: what a log subscription takes. */
export function logPattern(alternatives: number): Parse<LogPattern> {
  return (value) => {
    if (!isRecord(value))
      return invalid("json: cannot unmarshal into Go value of type filters.FilterCriteria");
    const addresses = readAddresses(value.address, alternatives);
    if (addresses.kind === "invalid") return addresses;
    const topics = readTopics(value.topics, alternatives);
    if (topics.kind === "invalid") return topics;
    return ok({ addresses: addresses.value, topics: topics.value });
  };
}

function readEnd(value: unknown): Parsed<BlockReference> {
  return value === undefined || value === null ? ok(LATEST) : blockNumber(value);
}

/** geth's filters.FilterCriteria: what eth_getLogs and eth_newFilter take. */
export function logQuery(alternatives: number): Parse<LogQuery> {
  const readPattern = logPattern(alternatives);
  return (value) => {
    const pattern = readPattern(value);
    if (pattern.kind === "invalid" || !isRecord(value))
      return pattern.kind === "invalid" ? pattern : invalid("");
    const { blockHash, fromBlock, toBlock } = value;
    if (blockHash !== undefined && blockHash !== null) {
      if (fromBlock != null || toBlock != null) {
        return invalid("cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other");
      }
      const read = hash(blockHash);
      return read.kind === "ok" ? ok({ kind: "block", blockHash: read.value, ...pattern.value }) : read;
    }
    const from = readEnd(fromBlock);
    if (from.kind === "invalid") return from;
    const to = readEnd(toBlock);
    if (to.kind === "invalid") return to;
    return ok({ kind: "range", from: from.value, to: to.value, ...pattern.value });
  };
}
