import type { BlobParameters } from "./rollup.ts";

/** BLOB_BASE_FEE_UPDATE_FRACTION of EIP-4844 (Cancun), EIP-7691 (Prague) and EIP-7892's first two steps. */
const CANCUN = 3_338_477n;
const PRAGUE = 5_007_716n;
const BPO1 = 8_346_193n;
const BPO2 = 11_684_671n;

function schedule(cancun: bigint, prague: bigint, bpo1: bigint, bpo2: bigint): readonly BlobParameters[] {
  return [
    { since: cancun, baseFeeUpdateFraction: CANCUN },
    { since: prague, baseFeeUpdateFraction: PRAGUE },
    { since: bpo1, baseFeeUpdateFraction: BPO1 },
    { since: bpo2, baseFeeUpdateFraction: BPO2 },
  ];
}

/**
 * The blob schedules of the public L1 chains, for rollup.json files that do not carry one (op-node has them
 * built in as well). Source: ethereum/execution-specs, the forks' activation times; Osaka changes no fraction.
 */
export const L1_BLOB_SCHEDULES: ReadonlyMap<bigint, readonly BlobParameters[]> = new Map([
  // Mainnet, Sepolia, Holesky, Hoodi.
  [1n, schedule(1_710_338_135n, 1_746_612_311n, 1_765_290_071n, 1_767_747_671n)],
  [11_155_111n, schedule(1_706_655_072n, 1_741_159_776n, 1_761_017_184n, 1_761_607_008n)],
  [17_000n, schedule(1_707_305_664n, 1_740_434_112n, 1_759_800_000n, 1_760_389_824n)],
  [560_048n, schedule(0n, 1_742_999_832n, 1_762_365_720n, 1_762_955_544n)],
]);

/**
 * The schedule of a chain that adopted Prague's blob fee later than L1 did: until `time` (of the L1 origin)
 * Cancun's fraction holds. Source: specs/protocol/pectra-blob-schedule/derivation.md.
 */
export function delayPrague(blobs: readonly BlobParameters[], time: bigint): readonly BlobParameters[] {
  const [cancun, ...later] = blobs;
  if (cancun === undefined || time <= cancun.since) return blobs;
  const inForce = later.filter(({ since }) => since <= time).at(-1);
  const rest = later.filter(({ since }) => since > time);
  return inForce === undefined ? blobs : [cancun, { ...inForce, since: time }, ...rest];
}
