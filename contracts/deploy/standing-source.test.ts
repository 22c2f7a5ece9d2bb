import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { createPublicClient, custom, decodeFunctionData, encodeFunctionResult, keccak256, pad } from "viem";
import { parachainSwapAbi } from "../abi/parachain-swap.ts";
import { sunsetRegistryAbi } from "../abi/sunset-registry.ts";
import type { SourceAddresses } from "./source.ts";
import { requireHeightsFit } from "./standing-source.ts";

const GENESIS = keccak256("0x0a");
const OTHER = keccak256("0x0b");
const [SWAP, REGISTRY, CLAIMS] = [
  pad("0x01", { size: 20 }),
  pad("0x02", { size: 20 }),
  pad("0x03", { size: 20 }),
];
const abi = [...parachainSwapAbi, ...sunsetRegistryAbi];
/** What stands on chain. */
const LAST_HEIGHT = 1000n;
const HEIGHT = 2000n;

/** Answers for a swap and a registry, and for nothing else. */
const client = createPublicClient({
  transport: custom(
    {
      request: async ({
        method,
        params,
      }: {
        readonly method: string;
        readonly params: readonly [unknown];
      }) => {
        const [call] = params;
        assert.ok(method === "eth_call" && typeof call === "object" && call !== null);
        assert.ok("to" in call && "data" in call && typeof call.data === "string");
        const { functionName } = decodeFunctionData({ abi, data: `0x${call.data.slice(2)}` });
        if (call.to === SWAP && functionName === "lastHeight")
          return encodeFunctionResult({ abi: parachainSwapAbi, functionName, result: LAST_HEIGHT });
        if (call.to === REGISTRY && functionName === "height")
          return encodeFunctionResult({ abi: sunsetRegistryAbi, functionName, result: HEIGHT });
        return "0x";
      },
    },
    { retryCount: 0 },
  ),
});

const sunset = {
  SubstrateSignatures: CLAIMS,
  SunsetRegistry: REGISTRY,
  SunsetClaims: CLAIMS,
  SunsetStaker: CLAIMS,
};
const swapStands: SourceAddresses = { genesisHash: GENESIS, sunset: undefined, ParachainSwap: SWAP };
const sunsetStands: SourceAddresses = { genesisHash: GENESIS, sunset, ParachainSwap: undefined };
const bothStand: SourceAddresses = { genesisHash: GENESIS, sunset, ParachainSwap: SWAP };

type Heights = Parameters<typeof requireHeightsFit>[2];
const sunsetAt = (height: bigint, genesisHash = GENESIS): Heights => ({ genesisHash, sunset: { height } });
const swapTo = (lastHeight: bigint): Heights => ({
  genesisHash: GENESIS,
  swap: { settings: { lastHeight } },
});
const owedTwice = (error: unknown) =>
  isRollupError(error, "DEPLOY_CONFIG_INVALID") && /owed twice/.test(error.message);

describe("the heights of a sunset and of a swap, of which one stands already,", () => {
  for (const [what, stands, given] of [
    ["a sunset below the last height of the swap", swapStands, sunsetAt(LAST_HEIGHT - 1n)],
    [
      "a sunset of the same parachain, written otherwise",
      swapStands,
      sunsetAt(5n, `0x${GENESIS.slice(2).toUpperCase()}`),
    ],
    ["a swap beyond the sunset", sunsetStands, swapTo(HEIGHT + 1n)],
    ["another sunset below the swap that stands", bothStand, sunsetAt(LAST_HEIGHT - 1n)],
    ["another swap beyond the sunset that stands", bothStand, swapTo(HEIGHT + 1n)],
    ["both anew, where the older swap pays on", swapStands, { ...swapTo(5n), ...sunsetAt(10n) }],
    ["both anew, where the older sunset owes", sunsetStands, { ...sunsetAt(9000n), ...swapTo(3000n) }],
  ] as const satisfies readonly (readonly [string, SourceAddresses, Heights])[]) {
    it(`refuse ${what}`, async () => {
      await assert.rejects(requireHeightsFit(client, [stands], given), owedTwice);
    });
  }

  it("fit where no deposit is above the snapshot", async () => {
    await requireHeightsFit(client, [swapStands], sunsetAt(LAST_HEIGHT));
    await requireHeightsFit(client, [sunsetStands], swapTo(HEIGHT));
    await requireHeightsFit(client, [bothStand], { ...swapTo(HEIGHT), ...sunsetAt(LAST_HEIGHT) });
  });

  it("are each parachain's own", async () => {
    await requireHeightsFit(client, [{ ...swapStands, genesisHash: OTHER }], sunsetAt(5n));
    await requireHeightsFit(client, [], swapTo(9000n));
  });

  it("are not guessed where nothing answers", async () => {
    const gone: SourceAddresses = { ...swapStands, ParachainSwap: CLAIMS };
    await assert.rejects(requireHeightsFit(client, [gone], sunsetAt(9000n)), (error) =>
      isRollupError(error, "DEPLOY_MISMATCH"),
    );
  });
});
