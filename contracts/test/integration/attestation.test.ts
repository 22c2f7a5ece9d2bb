import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import hre from "hardhat";
import { bytesToHex, getContract, type Hex, hexToBytes, isHex, keccak256 } from "viem";
import { certificateCacheAbi } from "../../abi/certificate-cache.ts";
import { signatureVerifierAbi } from "../../abi/signature-verifier.ts";

/** EIP-7825: what one transaction may use at most. */
const TRANSACTION_LIMIT = 16_777_216n;
/** Enough for one P-384 signature with the right hint, and too little with the wrong one. */
const GAS_OF_RIGHT_HINT = 4_800_000n;
/** Kinds of keys, in the order of the contract's enum. */
const P384 = 1;
/** When Intel's revocation lists among the vectors were current, and when AMD's leaf is valid. */
const TIME_OF_LISTS = "2025-06-25T00:00:00Z";
const TIME_OF_LEAVES = 1_775_000_000n;

const root = join(import.meta.dirname, "../../..");
const evidence = join(root, "../shared/vectors/tee");
const skip = existsSync(evidence) ? false : "real evidence (../shared/vectors/tee) is absent";

const authorities: unknown = JSON.parse(
  readFileSync(join(root, "protocol/vectors/vendor-authorities.json"), "utf8"),
);

const { viem, networkHelpers } = await hre.network.create({
  network: "l1",
  override: { initialDate: TIME_OF_LISTS },
});
const client = await viem.getPublicClient();
const [account] = await viem.getWalletClients();
assert.ok(account !== undefined);
const deployer = account.account.address;
const clients = { public: client, wallet: account };

const { address } = await viem.deployContract("SignatureVerifier");
const verifier = getContract({ address, abi: signatureVerifierAbi, client: clients });
const roots = ["amdGenoaArk", "intelRoot", "nvidiaRoot"].map((name) => idOf(authority(name)));
const deployed = await viem.deployContract("CertificateCache", [deployer, deployer, address, roots]);
const cache = getContract({ address: deployed.address, abi: certificateCacheAbi, client: clients });

function authority(name: string): Uint8Array {
  assert.ok(typeof authorities === "object" && authorities !== null);
  const value: unknown = Object.entries(authorities).find(([key]) => key === name)?.[1];
  assert.ok(isHex(value), name);
  return hexToBytes(value);
}

/** keccak256 of tbsCertificate; both lengths here are of two bytes. */
function idOf(der: Uint8Array): Hex {
  const view = new DataView(der.buffer, der.byteOffset);
  assert.equal(view.getUint8(5), 0x82);
  return keccak256(der.subarray(4, 8 + view.getUint16(6)));
}

function pem(text: string): Uint8Array[] {
  const blocks = text.match(/(?<=BEGIN CERTIFICATE-----)[^-]+/g) ?? [];
  return blocks.map((block) => Uint8Array.from(Buffer.from(block, "base64")));
}

function read(path: string): Buffer {
  return readFileSync(join(evidence, path));
}

/**
 * Which hint is right, found by asking and without arithmetic: with the wrong one the gas does not suffice. Kinds of
 * keys without a hint answer the same to both.
 */
async function rightHint(
  ask: (oddFirst: boolean, options: { gas: bigint }) => Promise<unknown>,
): Promise<boolean> {
  try {
    await ask(false, { gas: GAS_OF_RIGHT_HINT });
    return false;
  } catch {
    await ask(true, { gas: GAS_OF_RIGHT_HINT });
    return true;
  }
}

const measured: string[] = [];

async function used(what: string, hash: Hex): Promise<void> {
  const { gasUsed, status } = await client.getTransactionReceipt({ hash });
  assert.equal(status, "success");
  assert.ok(gasUsed < TRANSACTION_LIMIT);
  measured.push(`${what}: ${gasUsed}`);
}

async function addRoot(name: string): Promise<Hex> {
  const der = authority(name);
  const data = bytesToHex(der);
  const odd = await rightHint((oddFirst, options) => cache.simulate.addRoot([data, oddFirst], options));
  await used(`addRoot ${name}`, await cache.write.addRoot([data, odd], { gas: TRANSACTION_LIMIT }));
  return idOf(der);
}

async function add(what: string, der: Uint8Array, issuer: Hex): Promise<Hex> {
  const data = bytesToHex(der);
  const odd = await rightHint((oddFirst, options) => cache.simulate.add([data, issuer, oddFirst], options));
  await used(`add ${what}`, await cache.write.add([data, issuer, odd], { gas: TRANSACTION_LIMIT }));
  assert.ok(await cache.read.isValid([idOf(der)]));
  return idOf(der);
}

let amd: Hex;
let intel: Hex;
let nvidia: Hex;

before(async () => {
  amd = await addRoot("amdGenoaArk");
  intel = await addRoot("intelRoot");
  nvidia = await addRoot("nvidiaRoot");
});

test("the vendors' authorities fit into one transaction each", async (t) => {
  await add("AMD SEV-Genoa", authority("amdGenoaAsk"), amd);
  await add("Intel SGX PCK Platform CA", authority("intelPlatform"), intel);
  await add("NVIDIA GH100 Identity", authority("nvidiaGh100"), nvidia);
  for (const line of measured.splice(0)) t.diagnostic(line);
});

test("Intel: a PCK leaf and the lists of both authorities", { skip }, async (t) => {
  const bundle = "bundles/tdx-v4-uptodate-phala";
  const collateral: unknown = JSON.parse(read(`${bundle}/collateral.json`).toString());
  assert.ok(typeof collateral === "object" && collateral !== null);
  assert.ok("pck_crl" in collateral && typeof collateral.pck_crl === "string");
  assert.ok("root_ca_crl" in collateral && typeof collateral.root_ca_crl === "string");
  const [pck, platform] = pem(read(`${bundle}/quote.bin`).toString("latin1"));
  assert.ok(pck !== undefined && platform !== undefined);
  const issuer = idOf(platform);
  const leaf = await add("Intel PCK", pck, issuer);
  const ofRoot: Hex = `0x${collateral.root_ca_crl}`;
  await used(
    "addRevocations Intel root, empty",
    await cache.write.addRevocations([ofRoot, intel, false, 1n]),
  );
  const ofPlatform: Hex = `0x${collateral.pck_crl}`;
  await used(
    "addRevocations Intel platform",
    await cache.write.addRevocations([ofPlatform, issuer, false, 1000n]),
  );
  assert.ok(await cache.read.isValid([leaf]));
  assert.equal(await cache.read.rootOf([leaf]), intel);
  const { nextUpdate } = await cache.read.revocationsOf([issuer]);
  assert.ok(nextUpdate > 0n);
  for (const line of measured.splice(0)) t.diagnostic(line);
});

test("NVIDIA: four certificates below the root", { skip }, async (t) => {
  const text = read("nvidia/nvtrust/hopperCertChain.txt").toString();
  const chain = pem(text.startsWith("-----") ? text : Buffer.from(text, "base64").toString());
  let issuer = idOf(authority("nvidiaGh100"));
  for (const der of chain.slice(0, -2).reverse())
    issuer = await add(`NVIDIA, ${der.length} bytes`, der, issuer);
  assert.equal(await cache.read.rootOf([issuer]), nvidia);
  for (const line of measured.splice(0)) t.diagnostic(line);
});

test("AMD: a VCEK, and a report against its cached key", { skip }, async (t) => {
  await networkHelpers.time.increaseTo(TIME_OF_LEAVES);
  const [vcek] = pem(read("snp/microsoft/genoa_vcek.pem").toString());
  assert.ok(vcek !== undefined);
  const leaf = await add("AMD VCEK (Genoa)", vcek, idOf(authority("amdGenoaAsk")));
  const [kind, key] = await cache.read.keyOf([leaf]);
  assert.equal(kind, P384);
  const report = read("snp/microsoft/genoa_attestation_report.bin");
  const message = bytesToHex(report.subarray(0, 0x2a0));
  // r and s stand in fields of 72 bytes, little-endian (SEV-SNP firmware ABI, table 139).
  const number = (offset: number) => report.subarray(offset, offset + 48).toReversed();
  const signature = bytesToHex(Buffer.concat([number(0x2a0), number(0x2a0 + 72)]));
  const question = (oddFirst: boolean) => [kind, key, message, signature, oddFirst] as const;
  const estimate = (oddFirst: boolean) =>
    client.estimateContractGas({
      address,
      abi: signatureVerifierAbi,
      functionName: "verify",
      args: question(oddFirst),
    });
  const [even, odd] = [await estimate(false), await estimate(true)];
  assert.equal(await verifier.read.verify(question(false)), true);
  assert.equal(await verifier.read.verify(question(true)), true);
  const [gas, wrongHint] = odd < even ? [odd, even] : [even, odd];
  measured.push(`verify an SNP report (672 bytes, P-384): ${gas}, with the wrong hint ${wrongHint}`);
  const changed = report.subarray(0, 0x2a0);
  changed[100] = (changed[100] ?? 0) ^ 1;
  assert.equal(await verifier.read.verify([kind, key, bytesToHex(changed), signature, false]), false);
  for (const line of measured.splice(0)) t.diagnostic(line);
});
