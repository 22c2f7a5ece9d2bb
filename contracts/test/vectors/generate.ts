/**
 * Writes the vectors of the on-chain attestation tests: `node contracts/test/vectors/generate.ts`. Keys are made for the run
 * and forgotten with it; the files hold public keys, certificates and signatures only. Each run makes other ones.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { bytesToHex, concat, keccak256, stringToBytes } from "viem";
import { pathVectors, pssVectors, vendorFormVectors } from "./certificates.ts";
import { p384Vectors } from "./p384.ts";

const LENGTHS = 301;

/** keccak256 over the digests of messages of 0 to 300 bytes, byte j of message i being 31 i + 7 j. */
function rolling(algorithm: string): string {
  let result = keccak256(stringToBytes(""));
  for (let i = 0; i < LENGTHS; i++) {
    const message = Uint8Array.from({ length: i }, (_, j) => (31 * i + 7 * j) % 256);
    const digest = bytesToHex(createHash(algorithm).update(message).digest());
    result = keccak256(concat([result, digest]));
  }
  return result;
}

function write(file: string, value: unknown): void {
  writeFileSync(
    new URL(`../../../protocol/vectors/${file}`, import.meta.url),
    `${JSON.stringify(value, undefined, 2)}\n`,
  );
}

write("attestation-crypto.json", {
  sha384: rolling("sha384"),
  sha512: rolling("sha512"),
  p384: p384Vectors(),
  pss: pssVectors(),
});
write("attestation-certificates.json", { ...pathVectors(), ...vendorFormVectors() });
