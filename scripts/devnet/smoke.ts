import { depositEth } from "@phala-l2/bridge/actions/deposit";
import { finalizeWithdrawal } from "@phala-l2/bridge/actions/finalize-withdrawal";
import { initiateEthWithdrawal } from "@phala-l2/bridge/actions/initiate-withdrawal";
import { proveWithdrawal } from "@phala-l2/bridge/actions/prove-withdrawal";
import { createBridge, type NetworkDescription } from "@phala-l2/bridge/network";
import { disputeGameFactoryAbi } from "@phala-l2/contracts/abi/dispute-game-factory";
import { multiProofGameAbi } from "@phala-l2/contracts/abi/multi-proof-game";
import { RollupError } from "@phala-l2/protocol/errors";
import { devnetAccount, ROLES, USERS } from "@phala-l2/testkit/devnet/accounts";
import { type Hash, parseEther } from "viem";

export type SmokeOptions = {
  readonly network: NetworkDescription;
  /** JSON-RPC of the node that trusts nobody. */
  readonly verifierUrl: string;
  /** Resolves when more than L1 and the sequencer serves. */
  readonly complete: Promise<void>;
  /** Runs one step and measures it. */
  readonly step: <Result>(name: string, run: () => Promise<Result>) => Promise<Result>;
};

const DEPOSIT = parseEther("10");
const TRANSFER = parseEther("1");
const WITHDRAWAL = parseEther("2");
/** Transactions of the step that uses L2. */
const TRANSFERS = 5;
/** Milliseconds between looks, and until a step has failed: a batch is safe within seconds. */
const POLL_MS = 250;
const TIMEOUT_MS = 60_000;

type L2Bridge = ReturnType<typeof createBridge>;

function require(holds: boolean, what: string, data: object): void {
  if (!holds) throw new RollupError("SMOKE_FAILED", what, { data });
}

/** Asks again until the answer is there. @throws RollupError SMOKE_FAILED */
async function until<Result>(what: string, look: () => Promise<Result | undefined>): Promise<Result> {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    require(Date.now() < deadline, `${what} takes too long`, {});
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function transfers(bridge: L2Bridge): Promise<bigint> {
  const to = devnetAccount(USERS[0]).address;
  const nonce = await bridge.l2.getTransactionCount({ address: bridge.account.address });
  const hashes: Hash[] = [];
  for (let i = 0; i < TRANSFERS; i++) {
    hashes.push(await bridge.l2.sendTransaction({ to, value: TRANSFER, nonce: nonce + i }));
  }
  const receipts = await Promise.all(hashes.map((hash) => bridge.l2.waitForTransactionReceipt({ hash })));
  for (const { status, transactionHash } of receipts) {
    require(status === "success", "an L2 transfer failed", { transactionHash });
  }
  return receipts.reduce((highest, { blockNumber }) => (blockNumber > highest ? blockNumber : highest), 0n);
}

/** The verifier has derived the block from L1 and agrees with the sequencer on its hash. */
async function derivedAlike(
  { network, verifierUrl }: SmokeOptions,
  bridge: L2Bridge,
  number: bigint,
): Promise<Hash> {
  const verifier = createBridge({ ...network, l2RpcUrl: verifierUrl }, bridge.account);
  await until("the batch", async () => {
    const safe = await verifier.l2.getBlock({ blockTag: "safe" });
    return safe.number >= number ? safe : undefined;
  });
  const [ours, theirs] = await Promise.all([
    bridge.l2.getBlock({ blockNumber: number }),
    verifier.l2.getBlock({ blockNumber: number }),
  ]);
  require(ours.hash === theirs.hash, "the verifier derives another block", {
    number,
    ours: ours.hash,
    theirs: theirs.hash,
  });
  return ours.hash;
}

/** The host vendors whose provers support the game, by the contracts' numbers. */
async function vendorsOf(
  { network }: SmokeOptions,
  bridge: L2Bridge,
  gameIndex: bigint,
): Promise<readonly number[]> {
  const [, , game] = await bridge.l1.readContract({
    address: network.disputeGameFactory,
    abi: disputeGameFactoryAbi,
    functionName: "gameAtIndex",
    args: [gameIndex],
  });
  return until("the proof by two vendors", async () => {
    const supporters = await bridge.l1.readContract({
      address: game,
      abi: multiProofGameAbi,
      functionName: "supporters",
    });
    const vendors = new Set(supporters.map(({ vendor }) => vendor));
    return vendors.size >= 2 ? [...vendors] : undefined;
  });
}

/** One whole cycle: deposit, L2 transactions, batch, proof by two vendors, withdrawal paid out on L1. */
export async function runSmoke(options: SmokeOptions): Promise<object> {
  const { network, step } = options;
  const bridge = createBridge(network, devnetAccount(ROLES.smoke));
  const { address } = bridge.account;

  await step("deposit", async () => {
    const { l2Hash } = await depositEth(bridge, { to: address, amount: DEPOSIT });
    const receipt = await bridge.l2.waitForTransactionReceipt({ hash: l2Hash });
    require(receipt.status === "success", "the deposit failed on L2", { l2Hash });
  });
  const blockNumber = await step("L2 transactions", () => transfers(bridge));
  await options.complete;
  const blockHash = await step("batch and derivation", () => derivedAlike(options, bridge, blockNumber));
  const { l2Hash } = await step("withdrawal", () =>
    initiateEthWithdrawal(bridge, { to: address, amount: WITHDRAWAL }),
  );
  const { gameIndex, withdrawalHash } = await step("proposal and proof", () =>
    proveWithdrawal(bridge, { l2Hash }),
  );
  const vendors = await step("second vendor", () => vendorsOf(options, bridge, gameIndex));
  const { callSucceeded } = await step("finalisation", () => finalizeWithdrawal(bridge, { l2Hash }));
  require(callSucceeded, "the withdrawal did not pay", { withdrawalHash });
  return {
    blockNumber: blockNumber.toString(),
    blockHash,
    withdrawalHash,
    gameIndex: gameIndex.toString(),
    vendors,
  };
}
