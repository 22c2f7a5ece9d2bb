import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, fromHex, type Hex, hashFromHex, toHex } from "@phala-l2/protocol/bytes";
import { encodeL1Attributes, type L1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import { withdrawalHash, withdrawalSlot } from "@phala-l2/protocol/wire/withdrawal";
import hre from "hardhat";
import { getContract, getContractAddress, parseAbi } from "viem";
import { getWithdrawalHashStorageSlot, getWithdrawals } from "viem/op-stack";
import { hardhatArtifacts } from "../../artifact.ts";
import { runtimeCode } from "../../genesis/runtime-code.ts";

const L1_BLOCK = "0x4200000000000000000000000000000000000015";
const MESSAGE_PASSER = "0x4200000000000000000000000000000000000016";
const DEPOSITOR = "0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001";
const TARGET = "0x00000000000000000000000000000000000b0b0b";

const ABI = parseAbi([
  "function initiateWithdrawal(address,uint256,bytes) payable",
  "function burn()",
  "function number() view returns (uint64)",
  "function timestamp() view returns (uint64)",
  "function basefee() view returns (uint256)",
  "function hash() view returns (bytes32)",
  "function sequenceNumber() view returns (uint64)",
  "function batcherHash() view returns (bytes32)",
  "function blobBaseFee() view returns (uint256)",
  "function baseFeeScalar() view returns (uint32)",
  "function blobBaseFeeScalar() view returns (uint32)",
  "function operatorFeeScalar() view returns (uint32)",
  "function operatorFeeConstant() view returns (uint64)",
  "function daFootprintGasScalar() view returns (uint16)",
]);

const artifacts = hardhatArtifacts(hre.config.paths.artifacts);
const { viem, networkHelpers } = await hre.network.create({ network: "l1" });
const client = await viem.getPublicClient();
const wallet = (await viem.getWalletClients())[0] ?? assert.fail("the test chain has no account");

async function install(address: Hex, path: string) {
  await networkHelpers.setCode(address, runtimeCode(artifacts(path)));
  await networkHelpers.setNonce(address, 1);
  return getContract({ address, abi: ABI, client: { public: client, wallet } });
}

const ATTRIBUTES: L1Attributes = {
  number: 0x0102030405060708n,
  timestamp: 0x1112131415161718n,
  baseFee: 0x2122n,
  hash: hashFromHex(`0x${"3a".repeat(32)}`),
  sequenceNumber: 0x4142434445464748n,
  batcherAddress: addressFromHex(`0x${"5b".repeat(20)}`),
  blobBaseFee: 0x6162n,
  baseFeeScalar: 0x71727374n,
  blobBaseFeeScalar: 0x81828384n,
  operatorFeeScalar: 0x91929394n,
  operatorFeeConstant: 0xa1a2a3a4a5a6a7a8n,
  daFootprintGasScalar: 0xb1b2n,
};

test("L1Block reads the attributes as the protocol package writes them", async () => {
  const l1Block = await install(L1_BLOCK, "l2/L1Block");
  await networkHelpers.impersonateAccount(DEPOSITOR);
  await networkHelpers.setBalance(DEPOSITOR, 10n ** 18n);
  await wallet.sendTransaction({
    account: DEPOSITOR,
    to: L1_BLOCK,
    data: toHex(encodeL1Attributes(ATTRIBUTES, "jovian")),
  });

  const { read } = l1Block;
  const found: L1Attributes = {
    number: await read.number(),
    timestamp: await read.timestamp(),
    baseFee: await read.basefee(),
    hash: hashFromHex(await read.hash()),
    sequenceNumber: await read.sequenceNumber(),
    batcherAddress: addressFromHex(`0x${(await read.batcherHash()).slice(-40)}`),
    blobBaseFee: await read.blobBaseFee(),
    baseFeeScalar: BigInt(await read.baseFeeScalar()),
    blobBaseFeeScalar: BigInt(await read.blobBaseFeeScalar()),
    operatorFeeScalar: BigInt(await read.operatorFeeScalar()),
    operatorFeeConstant: await read.operatorFeeConstant(),
    daFootprintGasScalar: BigInt(await read.daFootprintGasScalar()),
  };
  assert.deepEqual(found, ATTRIBUTES);
});

test("attributes of another format are refused", async () => {
  await install(L1_BLOCK, "l2/L1Block");
  for (const format of ["bedrock", "ecotone", "isthmus"] as const) {
    const data = toHex(encodeL1Attributes({ ...ATTRIBUTES, l1FeeOverhead: 1n, l1FeeScalar: 1n }, format));
    await assert.rejects(wallet.sendTransaction({ account: DEPOSITOR, to: L1_BLOCK, data }));
  }
});

test("a withdrawal is found where viem and the protocol package look for it", async () => {
  const passer = await install(MESSAGE_PASSER, "l2/L2ToL1MessagePasser");
  const transaction = await passer.write.initiateWithdrawal([TARGET, 123_456n, "0xc0ffee"], { value: 7n });
  const receipt = await client.getTransactionReceipt({ hash: transaction });
  const [withdrawal] = getWithdrawals(receipt);
  assert.ok(withdrawal);
  const hash = withdrawalHash({
    nonce: withdrawal.nonce,
    sender: addressFromHex(withdrawal.sender),
    target: addressFromHex(TARGET),
    value: 7n,
    gasLimit: 123_456n,
    data: fromHex("0xc0ffee"),
  });
  assert.equal(withdrawal.withdrawalHash, toHex(hash));
  const slot = getWithdrawalHashStorageSlot({ withdrawalHash: withdrawal.withdrawalHash });
  assert.equal(toHex(withdrawalSlot(hash)), slot);
  assert.equal(BigInt((await client.getStorageAt({ address: MESSAGE_PASSER, slot })) ?? "0x0"), 1n);
});

test("burning removes the ether for good, also from where it was sent to be destroyed", async () => {
  const passer = await install(MESSAGE_PASSER, "l2/L2ToL1MessagePasser");
  await networkHelpers.setBalance(MESSAGE_PASSER, 5n * 10n ** 18n);
  const nonce = await client.getTransactionCount({ address: MESSAGE_PASSER });
  await passer.write.burn();
  assert.equal(await client.getBalance({ address: MESSAGE_PASSER }), 0n);
  const burner = getContractAddress({ from: MESSAGE_PASSER, nonce: BigInt(nonce) });
  assert.equal(await client.getBalance({ address: burner }), 0n);
  assert.equal(await client.getCode({ address: burner }), undefined);
});
