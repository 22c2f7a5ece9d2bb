import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, type Hex, toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { permit2Code, preinstalls } from "./preinstalls.ts";

/** Published code hashes: of Ethereum mainnet's contracts, and of the OP Stack's fork specifications. */
const PUBLISHED_CODE_HASHES: Readonly<Record<Hex, Hex>> = {
  "0xca11bde05977b3631167028862be2a173976ca11":
    "0xd5c15df687b16f2ff992fc8d767b4216323184a2bbc6ee2f9c398c318e770891",
  "0x4e59b44847b379578588920ca78fbf26c0b4956c":
    "0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989",
  "0x914d7fec6aac8cd542e72bca78b30650d45643d7":
    "0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989",
  // specs/protocol/ecotone/derivation.md and isthmus/derivation.md.
  "0x000f3df6d732807ef1319fb7b8bb8522d0beac02":
    "0xf57acd40259872606d76197ef052f3d35588dadf919ee1f0e3cb9b62d3f4b02c",
  "0x0000f90827f1c53a10cb7a02335b175320002935":
    "0x6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d",
};

const PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3";

test("each preinstall that is the same on all chains has its published code hash", () => {
  const contracts = preinstalls(900n).filter(([, account]) => account.code !== "0x");
  const hashes = Object.fromEntries(
    contracts.map(([address, account]) => [toHex(address), toHex(keccak256(fromHex(account.code)))]),
  );
  delete hashes[PERMIT2];
  assert.deepEqual(hashes, PUBLISHED_CODE_HASHES);
});

test("Permit2 caches the chain id and the domain separator that its own constructor would", () => {
  // Domain separator of Permit2 on Ethereum mainnet, as its DOMAIN_SEPARATOR() answers.
  const code = permit2Code(1n);
  assert.ok(code.includes("866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28"));
  assert.ok(code.includes(`467f${"1".padStart(64, "0")}`), "compares CHAINID with the cached one");
  // The code differs between chains in these two words only.
  const other = fromHex(permit2Code(2n));
  const differing = [...fromHex(code)].flatMap((byte, at) => (byte === other[at] ? [] : [at]));
  assert.ok(differing.every((at) => at === 6976 || (at >= 6983 && at < 7015)));
});

test("deployment senders have used their nonce, contracts have nonce 1, nobody has ether", () => {
  for (const [, account] of preinstalls(900n)) {
    assert.equal(account.nonce, 1n);
    assert.equal(account.balance, 0n);
  }
});
