import { bigintFromBytes, bytesEqual, fromHex } from "@phala-l2/protocol/bytes";

/** Error(string) and Panic(uint256): what Solidity's `revert` and `assert` return. */
const ERROR_SELECTOR = fromHex("0x08c379a0");
const PANIC_SELECTOR = fromHex("0x4e487b71");
const WORD = 32;

/** Solidity's panic codes in geth's words (accounts/abi/abi.go). */
const PANICS: Readonly<Record<string, string>> = {
  "0": "generic panic",
  "1": "assert(false)",
  "17": "arithmetic underflow or overflow",
  "18": "division or modulo by zero",
  "33": "enum overflow",
  "34": "invalid encoded storage byte array accessed",
  "49": "out-of-bounds array access; popping on an empty array",
  "50": "out-of-bounds access of an array or bytesN",
  "65": "out of memory",
  "81": "uninitialized function",
};

function readText(body: Uint8Array): string | undefined {
  const offset = bigintFromBytes(body.subarray(0, WORD));
  if (body.length < 2 * WORD || offset !== BigInt(WORD)) return undefined;
  const length = bigintFromBytes(body.subarray(WORD, 2 * WORD));
  if (length > BigInt(body.length - 2 * WORD)) return undefined;
  return new TextDecoder().decode(body.subarray(2 * WORD, 2 * WORD + Number(length)));
}

/** What a contract says of its revert, where it says it in Solidity's ways; undefined otherwise. */
export function revertReason(output: Uint8Array): string | undefined {
  const selector = output.subarray(0, 4);
  const body = output.subarray(4);
  if (bytesEqual(selector, ERROR_SELECTOR)) return readText(body);
  if (!bytesEqual(selector, PANIC_SELECTOR) || body.length !== WORD) return undefined;
  const code = bigintFromBytes(body);
  return PANICS[code.toString()] ?? `unknown panic code: 0x${code.toString(16)}`;
}
