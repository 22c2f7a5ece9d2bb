import { substrateSignaturesAbi } from "@phala-l2/contracts/abi/substrate-signatures";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { toHex } from "@phala-l2/protocol/bytes";
import { RollupError } from "@phala-l2/protocol/errors";
import {
  BaseError,
  ContractFunctionRevertedError,
  createTestClient,
  type HttpTransport,
  http,
  type PublicActions,
  publicActions,
  type TestClient,
} from "viem";
import { type Anvil, startAnvil } from "../../l1/anvil.ts";
import { KEY_KINDS, type Question, type Verdict } from "./question.ts";

type Client = TestClient<"anvil", HttpTransport> & PublicActions;

const ADDRESS = "0x00000000000000000000000000000000000051a5";
const CHAIN_ID = 900;
/** Requests in one HTTP body, and the longest that a busy machine takes for one. */
const BATCH = 100;
const TIMEOUT_MS = 60_000;

/** `SubstrateSignatures` on an embedded L1, asked by calls. */
export class SignatureContract {
  readonly #anvil: Anvil;
  readonly #client: Client;

  private constructor(anvil: Anvil, client: Client) {
    this.#anvil = anvil;
    this.#client = client;
  }

  static async start(): Promise<SignatureContract> {
    const { deployedBytecode } = hardhatArtifacts()("pha/keys/SubstrateSignatures");
    const anvil = await startAnvil({ port: 0, chainId: CHAIN_ID });
    const transport = http(anvil.url, { batch: { batchSize: BATCH }, timeout: TIMEOUT_MS });
    const client = createTestClient({ mode: "anvil", transport }).extend(publicActions);
    await client.setCode({ address: ADDRESS, bytecode: deployedBytecode });
    return new SignatureContract(anvil, client);
  }

  stop(): Promise<void> {
    return this.#anvil.stop();
  }

  /** The contract's verdict; questions asked in one turn of the event loop travel together. */
  async verdict({ kind, publicKey, message, signature }: Question): Promise<Verdict> {
    const args = [toHex(publicKey), toHex(message), toHex(signature)] as const;
    try {
      const isValid = await this.#client.readContract({
        address: ADDRESS,
        abi: substrateSignaturesAbi,
        functionName: "isValid",
        args: [KEY_KINDS.indexOf(kind), ...args],
      });
      return isValid ? "valid" : "invalid";
    } catch (error) {
      if (isLengthError(error)) return "length";
      throw new RollupError("ANVIL_FAILED", "the contract neither answered nor named a length", {
        data: { kind },
        cause: error,
      });
    }
  }
}

function isLengthError(error: unknown): boolean {
  if (!(error instanceof BaseError)) return false;
  const revert = error.walk((cause) => cause instanceof ContractFunctionRevertedError);
  return (
    revert instanceof ContractFunctionRevertedError && revert.data?.errorName === "SubstrateSignatures_Length"
  );
}
