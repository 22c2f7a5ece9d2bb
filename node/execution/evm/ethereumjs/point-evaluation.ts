import { EVMError, type ExecResult, NobleBLS, type PrecompileFunc } from "@ethereumjs/evm";
import { computeVersionedHash } from "@ethereumjs/util";
import { bigintFromBytes, bigintToBytes, concatBytes, fromHex, toHex } from "@phala-l2/protocol/bytes";

/**
 * EIP-4844's point evaluation (0x0a), on the BLS12-381 arithmetic that the EVM has anyway: an engine in an
 * enclave needs no native KZG library and no trusted-setup file, only that setup's one point [τ]₂.
 *
 * A proof π shows that the polynomial with commitment C is y at z:  e(C − [y]₁ + z·π, [1]₂) = e(π, [τ]₂).
 */
const GAS = 50_000n;
const INPUT_LENGTH = 192;
const VERSIONED_HASH_VERSION = 1;
/** FIELD_ELEMENTS_PER_BLOB and BLS_MODULUS: what a valid proof returns. */
const FIELD_ELEMENTS_PER_BLOB = 4096n;
const BLS_MODULUS = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;
const FIELD_PRIME =
  0x1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaabn;

/** One 48-byte coordinate in EIP-2537's 64 bytes. */
function coordinate(hex: string): Uint8Array {
  return concatBytes(new Uint8Array(16), fromHex(hex));
}

/** The generators [1]₁ and [1]₂, and [τ]₂ of the KZG ceremony (its monomial G2 point 1); EIP-2537 encodings. */
const G1 = concatBytes(
  coordinate(
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb",
  ),
  coordinate(
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1",
  ),
);
const G2 = concatBytes(
  coordinate(
    "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8",
  ),
  coordinate(
    "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e",
  ),
  coordinate(
    "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801",
  ),
  coordinate(
    "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be",
  ),
);
const TAU_G2 = concatBytes(
  coordinate(
    "185cbfee53492714734429b7b38608e23926c911cceceac9a36851477ba4c60b087041de621000edc98edada20c1def2",
  ),
  coordinate(
    "15bfd7dd8cdeb128843bc287230af38926187075cbfbefa81009a2ce615ac53d2914e5870cb452d2afaaab24f3499f72",
  ),
  coordinate(
    "014353bdb96b626dd7d5ee8599d1fca2131569490e28de18e82451a496a9c9794ce26d105941f383ee689bfbbb832a99",
  ),
  coordinate(
    "1666c54b0a32529503432fcae0181b4bef79de09fc63671fda5ed1ba9bfa07899495346f3d7ac9cd23048ef30d0a154f",
  ),
);

const bls = new NobleBLS();

/** The precompile. Each check fails the call with all its gas. Source: EIP-4844 "Point evaluation precompile". */
export const pointEvaluation: PrecompileFunc = ({ data, gasLimit }): ExecResult => {
  const fail = (error: EVMError["error"]): ExecResult => ({
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(error),
  });
  if (gasLimit < GAS) return fail(EVMError.errorMessages.OUT_OF_GAS);
  if (data.length !== INPUT_LENGTH) return fail(EVMError.errorMessages.INVALID_INPUT_LENGTH);
  const commitment = data.subarray(96, 144);
  if (computeVersionedHash(toHex(commitment), VERSIONED_HASH_VERSION) !== toHex(data.subarray(0, 32))) {
    return fail(EVMError.errorMessages.INVALID_COMMITMENT);
  }
  const z = bigintFromBytes(data.subarray(32, 64));
  const y = bigintFromBytes(data.subarray(64, 96));
  if (!verifyProof(commitment, z, y, data.subarray(144, 192))) {
    return fail(EVMError.errorMessages.INVALID_PROOF);
  }
  return {
    executionGasUsed: GAS,
    returnValue: concatBytes(bigintToBytes(FIELD_ELEMENTS_PER_BLOB, 32), bigintToBytes(BLS_MODULUS, 32)),
  };
};

function verifyProof(commitment: Uint8Array, z: bigint, y: bigint, proof: Uint8Array): boolean {
  const c = decompress(commitment);
  const pi = decompress(proof);
  if (c === undefined || pi === undefined || z >= BLS_MODULUS || y >= BLS_MODULUS) return false;
  try {
    // −(C − [y]₁ + z·π); the sum and the pairing check that the points lie in the prime-order subgroup.
    const negated = bls.msmG1(
      concatBytes(c, scalar(BLS_MODULUS - 1n), G1, scalar(y), pi, scalar((BLS_MODULUS - z) % BLS_MODULUS)),
    );
    const product = bls.pairingCheck(concatBytes(negated, G2, pi, TAU_G2));
    return product[31] === 1;
  } catch (error) {
    if (error instanceof EVMError) return false;
    throw error;
  }
}

function scalar(value: bigint): Uint8Array {
  return bigintToBytes(value, 32);
}

const COMPRESSED = 0x80;
const INFINITY = 0x40;
const LARGER_ROOT = 0x20;

/**
 * A point of G1 from the 48-byte form of the ZCash encoding to EIP-2537's 128 bytes; undefined when it is not
 * on the curve y² = x³ + 4 or not canonical.
 */
function decompress(bytes: Uint8Array): Uint8Array | undefined {
  const flags = bytes[0] ?? 0;
  const xBytes = Uint8Array.from(bytes);
  xBytes[0] = flags & 0x1f;
  const x = bigintFromBytes(xBytes);
  if ((flags & COMPRESSED) === 0 || x >= FIELD_PRIME) return undefined;
  if ((flags & INFINITY) !== 0) {
    return x === 0n && (flags & LARGER_ROOT) === 0 ? new Uint8Array(128) : undefined;
  }
  const square = (x ** 3n + 4n) % FIELD_PRIME;
  // The prime is 3 modulo 4, so this is a root if there is one.
  const root = power(square, (FIELD_PRIME + 1n) / 4n);
  if ((root * root) % FIELD_PRIME !== square) return undefined;
  const other = FIELD_PRIME - root;
  const wantsLarger = (flags & LARGER_ROOT) !== 0;
  const y = root > other === wantsLarger ? root : other;
  return concatBytes(bigintToBytes(x, 64), bigintToBytes(y, 64));
}

/** base^exponent in the field. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let square = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = (result * square) % FIELD_PRIME;
    square = (square * square) % FIELD_PRIME;
  }
  return result;
}
