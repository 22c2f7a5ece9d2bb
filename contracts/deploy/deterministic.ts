import {
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  getContractAddress,
  type Hex,
  keccak256,
  parseEther,
  size,
  toHex,
  zeroHash,
} from "viem";
import { deterministicDeployerAbi } from "../abi/deterministic-deployer.ts";
import type { CreationCode } from "./creation-code.ts";
import { type Call, type L1Sender, requireSuccess } from "./l1-client.ts";

/** A contract to be created: under a name of its deployer's (CREATE3), or under the hash of its code (CREATE2). */
export type Creation = {
  readonly named: boolean;
  readonly salt: Hex;
  readonly initCode: Hex;
  readonly address: Address;
};

/** Addresses and calls of one DeterministicDeployer. */
export type Deterministic = {
  readonly address: Address;
  /** A contract whose address commits to its code and arguments. */
  code(initCode: Hex): Creation;
  /** Where the sender's contract called `name` is or will be. */
  addressOf(name: string): Address;
  /** A contract whose address is known before its code. */
  named(name: string, initCode: Hex): Creation;
  /** Creates what does not stand yet, in order, in as few transactions as L1's gas cap allows. */
  create(creations: readonly Creation[]): Promise<void>;
};

/** The well-known CREATE2 factory (github.com/Arachnid/deterministic-deployment-proxy): the same on every chain. */
const CREATE2_FACTORY: Address = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/** Its keyless transaction: whoever broadcasts it, it creates the factory. Its sender must hold 0.01 ether. */
const CREATE2_FACTORY_SENDER: Address = "0x3fAB184622Dc19b6109349B94811493BF2a45362";
const CREATE2_FACTORY_TRANSACTION: Hex =
  "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222222222222222222222222222";

/** Hash of the stub through which CREATE3 works in OpenZeppelin's `Create3`. */
const CREATE3_STUB_HASH: Hex = "0x57a34f6e879358dd76825d6700df87013ad6a3fb43c0d0c602f70a8772c153bd";

/** Gas of one transaction: below the cap of EIP-7825, 2^24. */
const BATCH_GAS = 16_500_000n;
/** Creation code of one batch: at about 270 gas a byte (deposit of code, calldata's floor, hashing), with room for
 * the storage that initialisers write. */
const BATCH_BYTES = 42_000;

/** Finds or creates the deployer contract on this chain. */
export async function openDeterministic(
  sender: L1Sender,
  creationCode: CreationCode,
  deployment: string,
): Promise<Deterministic> {
  const initCode = creationCode("deployment/DeterministicDeployer", []);
  const address = getContractAddress({
    opcode: "CREATE2",
    from: CREATE2_FACTORY,
    salt: zeroHash,
    bytecode: initCode,
  });
  if (!(await hasCode(sender, address))) {
    await requireCreate2Factory(sender);
    await sender.send([{ to: CREATE2_FACTORY, data: concat([zeroHash, initCode]), gas: 3_000_000n }]);
  }
  const saltOf = (name: string) => keccak256(toHex(`${deployment}/${name}`));
  const addressOf = (name: string) => namedAddress(address, sender.address, saltOf(name));
  return {
    address,
    addressOf,
    code: (code) => ({
      named: false,
      salt: zeroHash,
      initCode: code,
      address: getContractAddress({ opcode: "CREATE2", from: address, salt: zeroHash, bytecode: code }),
    }),
    named: (name, code) => ({ named: true, salt: saltOf(name), initCode: code, address: addressOf(name) }),
    create: async (creations) => {
      const standing = await Promise.all(creations.map((creation) => hasCode(sender, creation.address)));
      const missing = creations.filter((_, index) => standing[index] === false);
      await sender.send(batches(missing).map((batch) => createCall(address, batch)));
    },
  };
}

async function requireCreate2Factory(sender: L1Sender): Promise<void> {
  if (await hasCode(sender, CREATE2_FACTORY)) return;
  await sender.send([{ to: CREATE2_FACTORY_SENDER, data: "0x", gas: 21_000n, value: parseEther("0.01") }]);
  const hash = await sender.client.sendRawTransaction({ serializedTransaction: CREATE2_FACTORY_TRANSACTION });
  await requireSuccess(sender.client, hash);
}

async function hasCode(sender: L1Sender, address: Address): Promise<boolean> {
  return (await sender.client.getCode({ address })) !== undefined;
}

/** Same rule as DeterministicDeployer.namedAddress. */
function namedAddress(deployer: Address, caller: Address, salt: Hex): Address {
  const owned = keccak256(encodeAbiParameters([{ type: "address" }, { type: "bytes32" }], [caller, salt]));
  const stub = getContractAddress({
    opcode: "CREATE2",
    from: deployer,
    salt: owned,
    bytecodeHash: CREATE3_STUB_HASH,
  });
  return getContractAddress({ opcode: "CREATE", from: stub, nonce: 1n });
}

/** Cuts the list so that no batch has more than BATCH_BYTES, keeping the order. */
function batches(creations: readonly Creation[]): Creation[][] {
  const cut: Creation[][] = [];
  let room = 0;
  for (const creation of creations) {
    const length = size(creation.initCode);
    const last = cut.at(-1);
    if (last === undefined || length > room) {
      cut.push([creation]);
      room = BATCH_BYTES - length;
    } else {
      last.push(creation);
      room -= length;
    }
  }
  return cut;
}

function createCall(deployer: Address, creations: readonly Creation[]): Call {
  const list = creations.map(({ named, salt, initCode }) => ({ named, salt, initCode }));
  return {
    to: deployer,
    data: encodeFunctionData({ abi: deterministicDeployerAbi, functionName: "create", args: [list] }),
    gas: BATCH_GAS,
  };
}
