import {
  type Address,
  addressFromHex,
  asHash,
  bigintToBytes,
  toHex,
  ZERO_ADDRESS,
} from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { signDigest } from "@phala-l2/protocol/secp256k1";
import {
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import {
  type AccessList,
  type Authorization,
  authorizationDigest,
} from "@phala-l2/protocol/wire/transaction-lists";
import type { GenesisAccount } from "../genesis.ts";
import { accountOf, CHAIN_ID, contract, deposit, keyOf, somewhere } from "./chain.ts";
import { randomProgram } from "./programs.ts";
import type { Random } from "./random.ts";

/** Who sends, signed with `keyOf` of this index. Their accounts never have code, so that each knows its next nonce. */
const SENDERS: readonly [number, ...number[]] = [0, 2];
/** Whose accounts are delegated by EIP-7702; they send nothing. */
const AUTHORITIES = [1, 3] as const;
const CODELESS = somewhere(200);
const CONTRACTS = 5;
/** Addresses of depositors begin here. */
const DEPOSITORS = 30;
const IDENTITY = addressFromHex("0x0000000000000000000000000000000000000004");
/** RIP-7212, of the OP Stack since Fjord. */
const P256_VERIFY = addressFromHex("0x0000000000000000000000000000000000000100");

const ADDRESSES: readonly [Address, ...Address[]] = [
  somewhere(100),
  somewhere(101),
  somewhere(102),
  somewhere(103),
  somewhere(104),
  accountOf(1),
  accountOf(3),
  CODELESS,
  P256_VERIFY,
];

export type Kind = "deposit" | "legacy" | "access-list" | "fee-market" | "set-code";
/** How deposits are made. */
export type Depositors = {
  /** Each deposit has a depositor of its own, up to this many; then they begin anew. */
  readonly count: number;
  /** Wei that each has at genesis: without any, a deposit of more than its mint fails. */
  readonly balance: bigint;
  /** The least gas limit: 20,000 is below what any transaction costs, at which a deposit fails. */
  readonly gasLimit: number;
};

export type RandomTransaction = { readonly kind: Kind; readonly raw: Uint8Array; readonly mint: bigint };

/**
 * Random transactions of every type that the L2 takes, to random programs, to accounts delegated to them, to
 * precompiles and to nobody: the same for the same seed. All of them are included, whatever becomes of them.
 */
export class RandomTraffic {
  readonly alloc: readonly GenesisAccount[];
  readonly #random: Random;
  readonly #depositors: Depositors;
  readonly #nonces = new Map<number, bigint>(SENDERS.map((sender) => [sender, 0n]));
  #deposits = 0n;
  /** Who sends nothing more in this block. */
  #resting: number | undefined;

  constructor(random: Random, depositors: Depositors) {
    this.#random = random;
    this.#depositors = depositors;
    const programs = ADDRESSES.slice(0, CONTRACTS).map((address) =>
      contract(address, toHex(randomProgram(random, ADDRESSES)), 50n),
    );
    const { count, balance } = depositors;
    const rich = Array.from({ length: balance > 0n ? count : 0 }, (_, index) => ({
      address: somewhere(DEPOSITORS + index),
      nonce: 0n,
      balance,
      code: new Uint8Array(0),
      storage: new Map(),
    }));
    this.alloc = [...programs, ...rich];
  }

  /** The transactions of one block, deposits first. */
  block(deposits: number, users: number): readonly RandomTransaction[] {
    this.#resting = undefined;
    return [
      ...Array.from({ length: deposits }, () => this.#deposit()),
      ...Array.from({ length: users }, () => this.#user()),
    ];
  }

  /** Target and input: a creation in one case of five. */
  #target(): { to: Address | undefined; data: Uint8Array } {
    const random = this.#random;
    if (random.below(5) === 0) return { to: undefined, data: randomProgram(random, ADDRESSES) };
    const to = random.below(12) === 0 ? IDENTITY : random.pick(ADDRESSES);
    return { to, data: new Uint8Array(random.below(100)).fill(random.below(3)) };
  }

  #deposit(): RandomTransaction {
    const random = this.#random;
    const from = somewhere(DEPOSITORS + (Number(this.#deposits) % this.#depositors.count));
    this.#deposits++;
    const mint = BigInt(random.pick([0, random.below(1_000), random.below(1_000)]));
    const raw = deposit({
      sourceHash: keccak256(bigintToBytes(this.#deposits, 32)),
      from,
      ...this.#target(),
      mint,
      value: BigInt(random.below(1_200)),
      gasLimit: BigInt(this.#depositors.gasLimit + random.below(300_000)),
    });
    return { kind: "deposit", raw, mint };
  }

  #user(): RandomTransaction {
    const random = this.#random;
    const drawn = random.pick(SENDERS);
    const sender = drawn === this.#resting ? (SENDERS.find((other) => other !== drawn) ?? drawn) : drawn;
    const kind = random.pick(["legacy", "access-list", "fee-market", "fee-market", "set-code"] as const);
    const nonce = this.#nonces.get(sender) ?? 0n;
    this.#nonces.set(sender, nonce + 1n);
    const { to, data } = this.#target();
    const value = BigInt(random.below(5));
    // Enough for the intrinsic gas and the floor of what is drawn, and sometimes for little more.
    const gasLimit = BigInt(120_000 + random.below(random.pick([2_000, 400_000])));
    const common = { chainId: CHAIN_ID, nonce, gasLimit, to, data, value };
    const fees = {
      maxFeePerGas: 10_000_000n,
      maxPriorityFeePerGas: BigInt(random.below(5_000)),
      accessList: random.below(2) === 0 ? [] : this.#accessList(),
    };
    return { kind, mint: 0n, raw: sign(this.#unsigned(kind, { ...common, ...fees, sender }), sender) };
  }

  #unsigned(
    kind: Exclude<Kind, "deposit">,
    { maxFeePerGas, maxPriorityFeePerGas, accessList, sender, ...common }: Common & Fees & { sender: number },
  ): UnsignedTransaction {
    switch (kind) {
      case "legacy":
        return { ...common, type: 0, gasPrice: maxFeePerGas };
      case "access-list":
        return { ...common, type: 1, gasPrice: maxFeePerGas, accessList };
      case "fee-market":
        return { ...common, type: 2, maxFeePerGas, maxPriorityFeePerGas, accessList };
      case "set-code": {
        const authorizationList = this.#authorizations(sender, common.nonce);
        // Each costs 25,000 gas before the call begins.
        const gasLimit = common.gasLimit + 25_000n * BigInt(authorizationList.length);
        const to = common.to ?? CODELESS;
        const lists = { accessList, authorizationList };
        return { ...common, ...lists, type: 4, to, gasLimit, maxFeePerGas, maxPriorityFeePerGas };
      }
    }
  }

  #accessList(): AccessList {
    const random = this.#random;
    return Array.from({ length: 1 + random.below(2) }, () => ({
      address: random.pick(ADDRESSES),
      storageKeys: Array.from({ length: random.below(3) }, () =>
        asHash(bigintToBytes(BigInt(random.below(10)), 32)),
      ),
    }));
  }

  /** One to three; many are skipped for their nonce or their chain, and paid for all the same. */
  #authorizations(sender: number, nonce: bigint): readonly Authorization[] {
    const random = this.#random;
    const list = Array.from({ length: 1 + random.below(2) }, () =>
      authorize(random.pick(AUTHORITIES), {
        chainId: random.pick([CHAIN_ID, CHAIN_ID, 0n, 5n]),
        address: random.below(6) === 0 ? ZERO_ADDRESS : random.pick(ADDRESSES),
        nonce: BigInt(random.below(3)),
      }),
    );
    if (this.#resting !== undefined || random.below(4) > 0) return list;
    // The sender's own: its nonce has grown already, and grows once more, which a pool cannot foresee.
    this.#resting = sender;
    this.#nonces.set(sender, nonce + 2n);
    return [...list, authorize(sender, { chainId: 0n, address: CODELESS, nonce: nonce + 1n })];
  }
}

type Common = {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  readonly to: Address | undefined;
  readonly data: Uint8Array;
  readonly value: bigint;
};

type Fees = {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
  readonly accessList: AccessList;
};

function sign(unsigned: UnsignedTransaction, sender: number): Uint8Array {
  return encodeTransaction(signTransaction(unsigned, keyOf(sender)));
}

function authorize(key: number, terms: Pick<Authorization, "chainId" | "address" | "nonce">): Authorization {
  return { ...terms, ...signDigest(authorizationDigest(terms), keyOf(key)) };
}
