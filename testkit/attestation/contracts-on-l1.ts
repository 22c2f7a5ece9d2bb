import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { creationCodeFrom } from "@phala-l2/contracts/deploy/creation-code";
import {
  type Abi,
  type Address,
  BaseError,
  createTestClient,
  decodeErrorResult,
  type Hex,
  http,
  isHex,
  publicActions,
  RpcRequestError,
  walletActions,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";

const ACCOUNT = mnemonicToAccount("test test test test test test test test test test test junk");
/** EIP-7825. */
export const TRANSACTION_GAS = 16_777_216n;

/** Owner and guardian of whatever is deployed here. */
export const OWNER: Address = ACCOUNT.address;

/** What a call answers, or the name of the error that the contracts revert with. */
export type CallAnswer =
  | { readonly kind: "answered"; readonly data: Hex }
  | { readonly kind: "reverted"; readonly error: string };

export function clientOf(url: string) {
  return createTestClient({
    mode: "anvil",
    account: ACCOUNT,
    transport: http(url),
  })
    .extend(publicActions)
    .extend(walletActions);
}

export type L1Client = ReturnType<typeof clientOf>;

/** Sends a transaction, which the node answers once it is mined; gas is not estimated. @throws TypeError where it reverts */
export async function send(client: L1Client, to: Address | undefined, data: Hex) {
  const receipt = await client.sendTransactionSync({
    to: to ?? null,
    data,
    gas: TRANSACTION_GAS,
    chain: null,
  });
  if (receipt.status === "success") return receipt;
  throw new TypeError(`transaction ${receipt.transactionHash} reverted`);
}

/** How time passes on an L1 that is a test's own. */
export type Passage = {
  /** Lets a time come, in Unix seconds. */
  waitUntil(time: bigint): Promise<void>;
  /** What `run` does on L1 is undone after it. */
  undone(run: () => Promise<void>): Promise<void>;
};

export function passageOf(client: L1Client): Passage {
  return {
    waitUntil: async (timestamp) => {
      await client.setNextBlockTimestamp({ timestamp });
      await client.mine({ blocks: 1 });
    },
    undone: async (run) => {
      const id = await client.snapshot();
      await run();
      await client.revert({ id });
    },
  };
}

/** Deploys compiled contracts by their paths below contracts/src. */
export function deployerOf(client: L1Client) {
  const creation = creationCodeFrom(hardhatArtifacts());
  return async (path: string, args: readonly unknown[]): Promise<Address> => {
    const { contractAddress } = await send(client, undefined, creation(path, args));
    if (contractAddress === null || contractAddress === undefined) throw new TypeError("no contract");
    return contractAddress;
  };
}

/** Asks a contract within a transaction's gas. @param abi of every contract whose errors may come through */
export async function callOf(client: L1Client, abi: Abi, to: Address, data: Hex): Promise<CallAnswer> {
  try {
    const answer = await client.call({ to, data, gas: TRANSACTION_GAS });
    return { kind: "answered", data: answer.data ?? "0x" };
  } catch (cause) {
    return { kind: "reverted", error: revertName(abi, cause) };
  }
}

/** The name of the error that a call reverted with. @throws whatever is no revert */
function revertName(abi: Abi, cause: unknown): string {
  const raw = cause instanceof BaseError ? cause.walk((each) => each instanceof RpcRequestError) : undefined;
  if (!(raw instanceof RpcRequestError) || !isHex(raw.data)) throw cause;
  return raw.data === "0x" ? "nothing" : decodeErrorResult({ abi, data: raw.data }).errorName;
}
