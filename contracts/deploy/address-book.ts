import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { RollupError } from "@phala-l2/protocol/errors";
import { isRecord, type JsonRecord } from "@phala-l2/protocol/json-record";
import { type Address, getAddress, type Hex, isAddress, isHash } from "viem";
import type { L2Addresses } from "./l2-addresses.ts";
import type { SourceAddresses } from "./source.ts";

/** Contracts on L1 by the names of the OP Stack's superchain registry. */
export const ADDRESS_NAMES = [
  "OptimismPortalProxy",
  "SystemConfigProxy",
  "DisputeGameFactoryProxy",
  "AnchorStateRegistryProxy",
  "L1CrossDomainMessengerProxy",
  "L1StandardBridgeProxy",
  "OptimismMintableERC20FactoryProxy",
  "ProverRegistryProxy",
  "SignatureVerifier",
  "CertificateCache",
  "IntelCollateral",
  "TdxQuoteVerifier",
  "SnpReportVerifier",
  "NvidiaReportVerifier",
  "AttestationPolicyProxy",
  "WithdrawalQuota",
  "ProverRewards",
  "ProofPolicy",
  "Timelock",
  "L1Executor",
  "Multicall3",
  "Pha",
] as const;

/** What is known before the game implementation, which depends on the L2 genesis. */
export type L1Addresses = Readonly<Record<(typeof ADDRESS_NAMES)[number], Address>> & {
  readonly PhaTestToken: Address | undefined;
};

/** The L1 block that L2 starts from: the parent of the block in which the SystemConfig came to be, so that every
 * deposit ever made is derived. */
export type StartBlock = { readonly number: bigint; readonly hash: Hex; readonly timestamp: bigint };

/** All that other parts need of a deployment. */
export type AddressBook = {
  readonly l1ChainId: number;
  readonly l2ChainId: bigint;
  readonly startBlock: StartBlock;
  /** Output root of the L2 genesis: the first anchor. */
  readonly genesisOutputRoot: Hex;
  readonly rollupConfigHash: Hex;
  readonly addresses: L1Addresses & { readonly MultiProofGameImpl: Address };
  /** Where PHA's contracts on L2 are, or will be. */
  readonly l2: L2Addresses;
  /** What was deployed for the parachains that PHA comes from. */
  readonly sources: readonly SourceAddresses[];
};

function invalid(field: string): never {
  throw new RollupError("ADDRESS_BOOK_INVALID", `the address book's ${field} is missing or malformed`, {
    data: { field },
  });
}

function addressOf(record: JsonRecord, field: string): Address {
  const value = record[field];
  return typeof value === "string" && isAddress(value) ? getAddress(value) : invalid(field);
}

function hashOf(record: JsonRecord, field: string): Hex {
  const value = record[field];
  return typeof value === "string" && isHash(value) ? value : invalid(field);
}

function quantityOf(record: JsonRecord, field: string): bigint {
  const value = record[field];
  return typeof value === "string" && /^\d+$/.test(value) ? BigInt(value) : invalid(field);
}

function recordOf(record: JsonRecord, field: string): JsonRecord {
  const value = record[field];
  return isRecord(value) ? value : invalid(field);
}

function parseSource(json: unknown): SourceAddresses {
  if (!isRecord(json)) return invalid("sources");
  const sunset = json.sunset === undefined ? undefined : recordOf(json, "sunset");
  return {
    genesisHash: hashOf(json, "genesisHash"),
    sunset: sunset && {
      SubstrateSignatures: addressOf(sunset, "SubstrateSignatures"),
      SunsetRegistry: addressOf(sunset, "SunsetRegistry"),
      SunsetClaims: addressOf(sunset, "SunsetClaims"),
      SunsetStaker: addressOf(sunset, "SunsetStaker"),
    },
    ParachainSwap: json.ParachainSwap === undefined ? undefined : addressOf(json, "ParachainSwap"),
  };
}

/** Reads the JSON form: quantities are decimal strings. @throws RollupError ADDRESS_BOOK_INVALID */
export function parseAddressBook(json: unknown): AddressBook {
  if (!isRecord(json)) return invalid("content");
  const start = recordOf(json, "startBlock");
  const addresses = recordOf(json, "addresses");
  const l2 = recordOf(json, "l2");
  return {
    l1ChainId: Number(quantityOf(json, "l1ChainId")),
    l2ChainId: quantityOf(json, "l2ChainId"),
    startBlock: {
      number: quantityOf(start, "number"),
      hash: hashOf(start, "hash"),
      timestamp: quantityOf(start, "timestamp"),
    },
    genesisOutputRoot: hashOf(json, "genesisOutputRoot"),
    rollupConfigHash: hashOf(json, "rollupConfigHash"),
    addresses: {
      OptimismPortalProxy: addressOf(addresses, "OptimismPortalProxy"),
      SystemConfigProxy: addressOf(addresses, "SystemConfigProxy"),
      DisputeGameFactoryProxy: addressOf(addresses, "DisputeGameFactoryProxy"),
      AnchorStateRegistryProxy: addressOf(addresses, "AnchorStateRegistryProxy"),
      L1CrossDomainMessengerProxy: addressOf(addresses, "L1CrossDomainMessengerProxy"),
      L1StandardBridgeProxy: addressOf(addresses, "L1StandardBridgeProxy"),
      OptimismMintableERC20FactoryProxy: addressOf(addresses, "OptimismMintableERC20FactoryProxy"),
      ProverRegistryProxy: addressOf(addresses, "ProverRegistryProxy"),
      SignatureVerifier: addressOf(addresses, "SignatureVerifier"),
      CertificateCache: addressOf(addresses, "CertificateCache"),
      IntelCollateral: addressOf(addresses, "IntelCollateral"),
      TdxQuoteVerifier: addressOf(addresses, "TdxQuoteVerifier"),
      SnpReportVerifier: addressOf(addresses, "SnpReportVerifier"),
      NvidiaReportVerifier: addressOf(addresses, "NvidiaReportVerifier"),
      AttestationPolicyProxy: addressOf(addresses, "AttestationPolicyProxy"),
      WithdrawalQuota: addressOf(addresses, "WithdrawalQuota"),
      ProverRewards: addressOf(addresses, "ProverRewards"),
      ProofPolicy: addressOf(addresses, "ProofPolicy"),
      Timelock: addressOf(addresses, "Timelock"),
      L1Executor: addressOf(addresses, "L1Executor"),
      Multicall3: addressOf(addresses, "Multicall3"),
      Pha: addressOf(addresses, "Pha"),
      MultiProofGameImpl: addressOf(addresses, "MultiProofGameImpl"),
      PhaTestToken: addresses.PhaTestToken === undefined ? undefined : addressOf(addresses, "PhaTestToken"),
    },
    l2: {
      Pha: addressOf(l2, "Pha"),
      VotingPha: addressOf(l2, "VotingPha"),
      RewardDistributor: addressOf(l2, "RewardDistributor"),
      ProviderPledges: addressOf(l2, "ProviderPledges"),
      PhaGovernor: addressOf(l2, "PhaGovernor"),
      GovernanceTimelock: addressOf(l2, "GovernanceTimelock"),
    },
    sources: Array.isArray(json.sources) ? json.sources.map(parseSource) : invalid("sources"),
  };
}

/** The JSON form. */
export function formatAddressBook(book: AddressBook): string {
  const plain = (_: string, value: unknown) => (typeof value === "bigint" ? value.toString() : value);
  return `${JSON.stringify({ ...book, l1ChainId: String(book.l1ChainId) }, plain, 2)}\n`;
}

/** @throws RollupError ADDRESS_BOOK_INVALID */
export function readAddressBook(file: string): AddressBook | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return parseAddressBook(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    if (cause instanceof RollupError) throw cause;
    throw new RollupError("ADDRESS_BOOK_INVALID", `${file} is not JSON`, { data: { file }, cause });
  }
}

/** Replaces the file at once: a reader sees the old book or the new one. */
export function writeAddressBook(file: string, book: AddressBook): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, formatAddressBook(book));
  renameSync(draft, file);
}
