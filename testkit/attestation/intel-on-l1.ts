import { certificateCacheAbi } from "@phala-l2/contracts/abi/certificate-cache";
import { intelCollateralAbi } from "@phala-l2/contracts/abi/intel-collateral";
import { tdxQuoteVerifierAbi } from "@phala-l2/contracts/abi/tdx-quote-verifier";
import { hardhatArtifacts } from "@phala-l2/contracts/artifact";
import { creationCodeFrom } from "@phala-l2/contracts/deploy/creation-code";
import type { Certificate } from "@phala-l2/tee-prover/verify/certificates/certificate";
import { parsePemCertificates } from "@phala-l2/tee-prover/verify/certificates/pem";
import { parseCollateral } from "@phala-l2/tee-prover/verify/intel/collateral";
import { parseQuote } from "@phala-l2/tee-prover/verify/intel/quote";
import {
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  encodeFunctionData,
  getContract,
  type Hex,
  http,
  keccak256,
  toHex,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";

const ACCOUNT = mnemonicToAccount("test test test test test test test test test test test junk");
/** More entries than any list of Intel's has. */
const ALL_ENTRIES = 10_000n;
const POLLING_MS = 5;

/** What `ITeeVerifier.verify` answers. */
export type OnChainReport = {
  readonly tcbStatus: number;
  readonly tcbEvaluation: number;
  readonly measurement: Hex;
  readonly platformId: Hex;
  readonly reportData: Hex;
};

/** The report, or the name of the error that the contracts revert with. */
export type OnChainAnswer =
  | { readonly kind: "report"; readonly report: OnChainReport }
  | { readonly kind: "reverted"; readonly error: string };

export type IntelOnL1 = {
  verify(quote: Uint8Array): Promise<OnChainAnswer>;
  /** Gas of a transaction that only verifies. */
  gasOf(quote: Uint8Array): Promise<bigint>;
  /** Gas that each recorded piece took. */
  readonly recorded: Readonly<Record<string, bigint>>;
  /** Records TCB information, and answers with what the contract has read. */
  readTcbInfo(statement: Uint8Array, signature: Uint8Array, of: Family): Promise<unknown>;
  /** What the contract has read of the TCB information recorded for a family of platforms. */
  tcbInfo(of: Family): Promise<unknown>;
  /** What the contract has read of the quoting enclave's identity. */
  qeIdentity(): Promise<unknown>;
};

/** Hex without 0x, as TCB information and PCK certificates name it. */
export type Family = { readonly fmspc: string; readonly pceId: string };

function certificatesOf(pem: string): readonly Certificate[] {
  const list = parsePemCertificates(pem, "collateral");
  if (list.kind === "certificates") return list.certificates;
  throw new TypeError(`${list.code}: ${list.found}`);
}

/** A certificate's id in the cache. */
function idOf({ signedPart }: Certificate): Hex {
  return keccak256(signedPart);
}

async function deployContracts(url: string, rootId: Hex, rootDer: Hex) {
  const transport = http(url);
  const client = createPublicClient({ transport, pollingInterval: POLLING_MS });
  const wallet = createWalletClient({ transport, account: ACCOUNT, pollingInterval: POLLING_MS });
  const creation = creationCodeFrom(hardhatArtifacts());
  const finished = async (hash: Hex) => {
    const receipt = await client.waitForTransactionReceipt({ hash });
    if (receipt.status === "success") return receipt;
    throw new TypeError(`transaction ${hash} reverted`);
  };
  const deploy = async (path: string, args: readonly unknown[]): Promise<Hex> => {
    const hash = await wallet.deployContract({ abi: [], bytecode: creation(path, args), chain: null });
    const { contractAddress } = await finished(hash);
    if (contractAddress === null || contractAddress === undefined) throw new TypeError("no contract");
    return contractAddress;
  };
  const clients = { public: client, wallet };
  const owner = ACCOUNT.address;
  const signatures = await deploy("tee/crypto/SignatureVerifier", []);
  const cacheAddress = await deploy("tee/certificates/CertificateCache", [
    owner,
    owner,
    signatures,
    [rootId],
  ]);
  const cache = getContract({ address: cacheAddress, abi: certificateCacheAbi, client: clients });
  await finished(await cache.write.addRoot([rootDer, false], { chain: null }));
  const { keyHash } = await cache.read.entryOf([rootId]);
  const collateralAddress = await deploy("tee/intel/IntelCollateral", [
    owner,
    owner,
    cacheAddress,
    keyHash,
    0,
  ]);
  const collateral = getContract({ address: collateralAddress, abi: intelCollateralAbi, client: clients });
  const address = await deploy("tee/intel/TdxQuoteVerifier", [collateralAddress]);
  return { client, finished, cache, collateral, address };
}

type Contracts = Awaited<ReturnType<typeof deployContracts>>;

/** Brings a collateral file, and the PCK certificate of a quote, into the contracts: one transaction a piece. */
async function record(
  { cache, collateral, finished }: Contracts,
  file: string,
  chain: readonly Certificate[],
) {
  const parsed = parseCollateral(file);
  const [leaf, authority, root] = chain;
  const [signer] = parsed.kind === "read" ? certificatesOf(parsed.value.tcbInfo.issuerChain) : [];
  if (parsed.kind === "refused" || leaf === undefined || authority === undefined || root === undefined) {
    throw new TypeError("neither collateral nor chain");
  }
  if (signer === undefined) throw new TypeError("no signer");
  const { rootCaCrl, pckCrl, tcbInfo, qeIdentity } = parsed.value;
  const [rootId, authorityId, signerId] = [idOf(root), idOf(authority), idOf(signer)];
  const name = toHex(signer.subject.raw);
  const gas: Record<string, bigint> = {};
  const send = async (what: string, hash: Promise<Hex>) => {
    gas[what] = (await finished(await hash)).gasUsed;
  };
  const chainless = { chain: null };
  const { add, addRevocations } = cache.write;
  const text = ({ text: json }: { readonly text: string }) => toHex(new TextEncoder().encode(json));
  await send("PCK CA", add([toHex(authority.der), rootId, false], chainless));
  await send("PCK certificate", add([toHex(leaf.der), authorityId, false], chainless));
  await send("TCB signing certificate", add([toHex(signer.der), rootId, false], chainless));
  await send("root's list", addRevocations([toHex(rootCaCrl), rootId, false, ALL_ENTRIES], chainless));
  await send("PCK CA's list", addRevocations([toHex(pckCrl), authorityId, false, ALL_ENTRIES], chainless));
  const { recordTcbInfo, recordQeIdentity } = collateral.write;
  await send("TCB info", recordTcbInfo([text(tcbInfo), toHex(tcbInfo.signature), signerId, name], chainless));
  await send(
    "QE identity",
    recordQeIdentity([text(qeIdentity), toHex(qeIdentity.signature), signerId, name], chainless),
  );
  return { gas, signer: { id: signerId, name } };
}

/** The contracts that verify quotes on an L1 of their own, with the collateral and the platform of a quote in them. */
export async function intelOnL1(url: string, quote: Uint8Array, collateral: string): Promise<IntelOnL1> {
  const parsed = parseQuote(quote);
  if (parsed.kind === "refused") throw new TypeError(`${parsed.code}: ${parsed.found}`);
  const chain = certificatesOf(parsed.pckChain);
  const root = chain.at(-1);
  if (root === undefined) throw new TypeError("no root");
  const contracts = await deployContracts(url, idOf(root), toHex(root.der));
  const { gas: recorded, signer } = await record(contracts, collateral, chain);
  const { client, address, finished, collateral: statements } = contracts;
  // Errors of the contracts behind the verifier come through it.
  const abi = [...tdxQuoteVerifierAbi, ...intelCollateralAbi, ...certificateCacheAbi] as const;
  const contract = getContract({ address, abi, client });
  const tcbInfo = async ({ fmspc, pceId }: Family) =>
    (await statements.read.tcbInfoOf([`0x${fmspc}`, `0x${pceId}`]))[0];
  return {
    recorded,
    tcbInfo,
    qeIdentity: async () => (await statements.read.qeIdentity())[0],
    readTcbInfo: async (statement, signature, of) => {
      const args = [toHex(statement), toHex(signature), signer.id, signer.name] as const;
      await finished(await statements.write.recordTcbInfo(args, { chain: null }));
      return tcbInfo(of);
    },
    verify: async (bytes) => {
      try {
        return { kind: "report", report: await contract.read.verify([toHex(bytes)]) };
      } catch (cause) {
        const reverted =
          cause instanceof BaseError
            ? cause.walk((each) => each instanceof ContractFunctionRevertedError)
            : undefined;
        if (!(reverted instanceof ContractFunctionRevertedError)) throw cause;
        return { kind: "reverted", error: reverted.data?.errorName ?? reverted.shortMessage };
      }
    },
    gasOf: (bytes) => {
      const data = encodeFunctionData({ abi, functionName: "verify", args: [toHex(bytes)] });
      return client.estimateGas({ to: address, data, account: ACCOUNT });
    },
  };
}
