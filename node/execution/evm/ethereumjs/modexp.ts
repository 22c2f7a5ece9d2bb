import { EVMError, type ExecResult, type PrecompileFunc } from "@ethereumjs/evm";
import { bigintFromBytes, bigintToBytes, EMPTY_BYTES } from "@phala-l2/protocol/bytes";

/**
 * Modular exponentiation (0x05) at EIP-2565's price, for the forks before EIP-7823 bounds its operands. ethereumjs
 * shifts the whole exponent once for each of its bits: one transaction of 20 million gas would take hours, and a
 * deposit can be that transaction. Here the time grows with the exponent's length, as the price does.
 */
const MIN_GAS = 200n;
const GAS_DIVISOR = 3n;
const WORD = 32;
/** Base's, exponent's and modulus' lengths; then these three. */
const HEAD = 96n;
/** Bits of the exponent taken at once; a long exponent pays for the table. */
const WINDOW = 4;

/** Source: EIP-198 (format), EIP-2565 (gas). Never fails but for gas. */
export const modexp: PrecompileFunc = ({ data, gasLimit }): ExecResult => {
  const lengthAt = (at: bigint): bigint => bigintFromBytes(read(data, at, WORD));
  const baseLength = lengthAt(0n);
  const exponentLength = lengthAt(32n);
  const modulusLength = lengthAt(64n);
  const exponentAt = HEAD + baseLength;
  const exponentHead = read(data, exponentAt, exponentLength < 32n ? Number(exponentLength) : WORD);

  const executionGasUsed = gasOf(baseLength, exponentLength, modulusLength, exponentHead);
  if (gasLimit < executionGasUsed) {
    const exceptionError = new EVMError(EVMError.errorMessages.OUT_OF_GAS);
    return { returnValue: EMPTY_BYTES, executionGasUsed: gasLimit, exceptionError };
  }
  // Without a modulus there is no result; without a base either, the exponent was not paid for.
  if (modulusLength === 0n) return { returnValue: EMPTY_BYTES, executionGasUsed };

  // What was paid for bounds the lengths from here on.
  const modulus = bigintFromBytes(read(data, exponentAt + exponentLength, Number(modulusLength)));
  const result =
    modulus === 0n
      ? 0n
      : power(
          bigintFromBytes(read(data, HEAD, Number(baseLength))) % modulus,
          read(data, exponentAt, Number(exponentLength)),
          modulus,
        );
  return { returnValue: bigintToBytes(result, Number(modulusLength)), executionGasUsed };
};

/** EIP-2565: words of the longer operand, squared, for each bit of the exponent after its first. */
function gasOf(base: bigint, exponent: bigint, modulus: bigint, exponentHead: Uint8Array): bigint {
  const words = ((base > modulus ? base : modulus) + 7n) / 8n;
  const headBits = bigintFromBytes(exponentHead).toString(2).length - 1;
  const iterations = (exponent > 32n ? 8n * (exponent - 32n) : 0n) + BigInt(headBits);
  const gas = (words * words * (iterations > 1n ? iterations : 1n)) / GAS_DIVISOR;
  return gas > MIN_GAS ? gas : MIN_GAS;
}

/** base^exponent modulo the modulus, from the exponent's highest bits down. */
function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  const width = exponent.length > WORD ? WINDOW : 1;
  const powers = [1n % modulus];
  for (let i = 1; i < 2 ** width; i++) powers.push(((powers[i - 1] ?? 0n) * base) % modulus);
  let result = powers[0] ?? 0n;
  for (const byte of exponent) {
    for (let shift = 8 - width; shift >= 0; shift -= width) {
      for (let i = 0; i < width; i++) result = (result * result) % modulus;
      const digit = (byte >> shift) & (2 ** width - 1);
      if (digit > 0) result = (result * (powers[digit] ?? 0n)) % modulus;
    }
  }
  return result;
}

/** Bytes of the input, which goes on in zeros. */
function read(data: Uint8Array, at: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  if (at < BigInt(data.length)) bytes.set(data.subarray(Number(at), Number(at) + length));
  return bytes;
}
