import { accountOf, CHAIN_ID, keyOf, signed, somewhere } from "@phala-l2/execution/testing/chain";
import { randomProgram } from "@phala-l2/execution/testing/programs";
import { RandomTraffic } from "@phala-l2/execution/testing/traffic";
import { type Address, concatBytes, fromHex } from "@phala-l2/protocol/bytes";
import {
  encodeTransaction,
  signTransaction,
  type UnsignedTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { mutated, type Random } from "../../derivation/random.ts";

/** Transactions of a block that nobody has checked: what a batcher can put on L1, and L1 users can deposit. */

/** As `RandomTraffic` names them: five contracts, and two accounts that are delegated. */
export const PROGRAM_ADDRESSES: readonly [Address, ...Address[]] = [
  somewhere(100),
  somewhere(101),
  somewhere(102),
  somewhere(103),
  somewhere(104),
];
const TARGETS: readonly [Address, ...Address[]] = [...PROGRAM_ADDRESSES, accountOf(1), accountOf(3)];
export const DEPOSITORS = { count: 2, balance: 1_000_000n, gasLimit: 20_000 } as const;

const MOST = (1n << 64n) - 1n;
const MOST_WORD = (1n << 256n) - 1n;
/** Nonces of transactions that others may have come before. */
const NEAR_NONCES = 4;
const MOST_CODE = 300;
const MOST_DEPOSITS = 4;
const MOST_USERS = 2;

/** Opcodes at random, with or without sense. */
export function program(random: Random): Uint8Array {
  if (random.below(2) === 0) return randomProgram(random, TARGETS);
  const noise = random.bytes(random.below(MOST_CODE));
  return random.below(3) === 0 ? concatBytes(randomProgram(random, TARGETS), noise) : noise;
}

/** Well signed, by an account with means; wrong in what it says, or in nothing. */
function hostileTransaction(random: Random): Uint8Array {
  const gasLimits: readonly [bigint, ...bigint[]] = [
    0n,
    20_999n,
    21_000n,
    60_000n,
    200_000n,
    30_000_001n,
    MOST,
  ];
  const fields = {
    chainId: random.below(10) === 0 ? random.pick([0n, 1n, 902n, MOST]) : CHAIN_ID,
    nonce: random.below(10) === 0 ? random.pick([MOST, MOST - 1n, 7n]) : BigInt(random.below(NEAR_NONCES)),
    gasLimit: random.below(3) === 0 ? random.pick(gasLimits) : BigInt(60_000 + random.below(400_000)),
    to: random.below(3) === 0 ? undefined : random.pick(TARGETS),
    value: random.below(6) === 0 ? random.pick([MOST_WORD, 10n ** 20n]) : BigInt(random.below(3)),
    data: program(random),
  };
  const fees = {
    maxFeePerGas: random.below(8) === 0 ? random.pick([0n, 1n, MOST_WORD]) : 10_000_000n,
    maxPriorityFeePerGas: random.below(8) === 0 ? random.pick([0n, 10_000_001n, MOST_WORD]) : 1_000n,
    accessList: [],
  };
  const to = fields.to ?? TARGETS[0];
  const kinds: readonly [UnsignedTransaction, ...UnsignedTransaction[]] = [
    { ...fields, type: 0, gasPrice: fees.maxFeePerGas },
    { ...fields, ...fees, type: 2 },
    { ...fields, ...fees, type: 2 },
    { ...fields, ...fees, to, type: 3, maxFeePerBlobGas: 1n, blobVersionedHashes: [] },
    { ...fields, ...fees, to, type: 4, authorizationList: [] },
  ];
  return encodeTransaction(signTransaction(random.pick(kinds), keyOf(random.pick([0, 1, 2, 3]))));
}

function spoiled(random: Random, sound: Uint8Array): Uint8Array {
  switch (random.below(4)) {
    case 0:
      return mutated(random, sound);
    case 1:
      return concatBytes(Uint8Array.of(random.below(256)), sound.subarray(1));
    case 2:
      return random.bytes(random.below(120));
    default:
      return hostileTransaction(random);
  }
}

/** One block's transactions, of which some are no transactions of such a block. */
export function hostileTransactions(random: Random): readonly Uint8Array[] {
  // Deposits run the same programs, and cost no recovery of a signature, which is most of a user's transaction.
  const users = random.below(3) === 0 ? 1 + random.below(MOST_USERS) : 0;
  const sound = new RandomTraffic(random, DEPOSITORS)
    .block(random.below(MOST_DEPOSITS + 1), users)
    .map(({ raw }) => raw);
  const raws = sound.flatMap((raw) => {
    switch (random.below(10)) {
      case 0:
        return [spoiled(random, raw)];
      case 1:
        return [spoiled(random, raw), raw];
      case 2:
        return [raw, hostileTransaction(random)];
      default:
        return [raw];
    }
  });
  if (random.below(16) === 0) raws.reverse();
  if (random.below(16) === 0) raws.push(signed(0, { data: fromHex("0x5b5f56") }));
  return raws;
}
