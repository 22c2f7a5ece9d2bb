import type { BlockCalls, BlockOverrides, SimulationFault } from "./request.ts";

/** Blocks of one simulation, those that fill gaps among them. Source: execution-apis eth_simulateV1 ("too many blocks"). */
export const MAX_SIMULATED_BLOCKS = 256n;
/** Seconds between blocks that name no time. */
const TIME_STEP = 12n;

/** A block with its place in the chain. */
export type PlacedBlock = BlockCalls & {
  readonly block: BlockOverrides & { readonly number: bigint; readonly time: bigint };
};

export type Placing =
  | { readonly kind: "placed"; readonly blocks: readonly PlacedBlock[] }
  | { readonly kind: "fault"; readonly fault: SimulationFault };

/**
 * Gives each block its number and time, both rising, and fills gaps between numbers with empty blocks.
 * Source: execution-apis, eth_simulateV1.
 */
export function placeBlocks(
  base: { readonly number: bigint; readonly timestamp: bigint },
  blocks: readonly BlockCalls[],
): Placing {
  const placed: PlacedBlock[] = [];
  let { number, timestamp } = base;
  for (const block of blocks) {
    const wanted = block.block.number ?? number + 1n;
    if (wanted <= number) {
      return fault({ kind: "block-numbers-out-of-order", number: wanted, previous: number });
    }
    if (wanted - base.number > MAX_SIMULATED_BLOCKS) return fault({ kind: "too-many-blocks" });
    for (number++; number < wanted; number++) {
      timestamp += TIME_STEP;
      placed.push({ block: { number, time: timestamp }, state: new Map(), calls: [] });
    }
    const time = block.block.time ?? timestamp + TIME_STEP;
    if (time <= timestamp) return fault({ kind: "timestamps-out-of-order", time, previous: timestamp });
    timestamp = time;
    placed.push({ ...block, block: { ...block.block, number, time } });
  }
  return { kind: "placed", blocks: placed };
}

function fault(found: SimulationFault): Placing {
  return { kind: "fault", fault: found };
}
