import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import {
  decodeFunctionData,
  encodeFunctionResult,
  type Hex,
  isHex,
  multicall3Abi,
  numberToHex,
  padHex,
  parseAbi,
  zeroHash,
} from "viem";
import type { NetworkDescription } from "../network.ts";

/** A game as the fake L1 lists it; the newest comes first. */
export type FakeGame = { readonly block: bigint; readonly timestamp: bigint; readonly rootClaim: Hex };

export type FakeChains = {
  /** What L1 answers, each time that it is asked. */
  readonly games: () => readonly FakeGame[];
  /** Unix seconds of L1's newest block. */
  readonly l1Time: () => bigint;
  /** Newest block of L2; all of them have zero for each root. */
  readonly l2Head: bigint;
};

const contractsAbi = parseAbi([
  "function gameCount() view returns (uint256)",
  "function respectedGameType() view returns (uint32)",
  "function l2SequenceNumber() view returns (uint256)",
  "struct Game { uint256 index; bytes32 metadata; uint64 timestamp; bytes32 rootClaim; bytes extraData; }",
  "function findLatestGames(uint32 gameType, uint256 start, uint256 count) view returns (Game[])",
]);

/** A game's address is its number, which its metadata ends with. */
function listed({ timestamp, rootClaim }: FakeGame, index: number) {
  return {
    index: BigInt(index),
    metadata: padHex(numberToHex(index)),
    timestamp,
    rootClaim,
    extraData: "0x",
  } as const;
}

function call(games: readonly FakeGame[], to: Hex, data: Hex): Hex {
  const abi = [...contractsAbi, ...multicall3Abi];
  const { functionName, args } = decodeFunctionData({ abi, data });
  const numbered = games.map(listed).map((game, i) => ({ ...game, index: BigInt(games.length - 1 - i) }));
  switch (functionName) {
    case "gameCount":
      return encodeFunctionResult({ abi: contractsAbi, functionName, result: BigInt(games.length) });
    case "respectedGameType":
      return encodeFunctionResult({ abi: contractsAbi, functionName, result: 0 });
    case "findLatestGames":
      return encodeFunctionResult({ abi: contractsAbi, functionName, result: numbered });
    case "l2SequenceNumber":
      return encodeFunctionResult({
        abi: contractsAbi,
        functionName,
        result: games[Number(to)]?.block ?? 0n,
      });
    case "aggregate3": {
      const [calls] = args;
      const result = calls.map(({ target, callData }) => ({
        success: true,
        returnData: call(games, target, callData),
      }));
      return encodeFunctionResult({ abi: multicall3Abi, functionName, result });
    }
    default:
      throw new Error(`the fake L1 has no ${functionName}`);
  }
}

function block(number: bigint, timestamp: bigint): object {
  return {
    number: numberToHex(number),
    timestamp: numberToHex(timestamp),
    hash: zeroHash,
    stateRoot: zeroHash,
    transactions: [],
  };
}

type Request = { readonly id: number; readonly method: string; readonly params: readonly unknown[] };

function answer({ games, l1Time, l2Head }: FakeChains, { method, params }: Request): unknown {
  const [first] = params;
  if (method === "eth_call" && typeof first === "object" && first !== null) {
    if ("to" in first && isHex(first.to) && "data" in first && isHex(first.data)) {
      return call(games(), first.to, first.data);
    }
  }
  if (method === "eth_getBlockByNumber") {
    if (first === "latest") return block(1n, l1Time());
    const number = BigInt(String(first));
    return number <= l2Head ? block(number, number) : null;
  }
  if (method === "eth_getProof") {
    const storageProof = [{ key: zeroHash, value: "0x1", proof: ["0xc22001"] }];
    return { address: zeroHash.slice(0, 42), accountProof: [], storageHash: zeroHash, storageProof };
  }
  throw new Error(`the fake chains have no ${method}`);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** One JSON-RPC server that stands for both chains. */
export async function startFakeChains(
  chains: FakeChains,
): Promise<{ readonly network: NetworkDescription; stop(): Promise<void> }> {
  const server = createServer(async (incoming, response) => {
    const request: Request = JSON.parse(await bodyOf(incoming));
    const result = answer(chains, request);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id: request.id, result }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const url = `http://127.0.0.1:${port}`;
  const contract = (last: number) => padHex(numberToHex(0xff00 + last), { size: 20 });
  return {
    network: {
      l1ChainId: 900,
      l2ChainId: 901,
      l1RpcUrl: url,
      l2RpcUrl: url,
      portal: contract(1),
      disputeGameFactory: contract(2),
      l1StandardBridge: contract(3),
      multicall3: contract(4),
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
