import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getAddress } from "viem";
import { addressFromHex } from "./bytes.ts";
import { checksumAddress, readChecksumAddress } from "./checksum-address.ts";

/** EIP-55, "Test Cases". */
const PUBLISHED = [
  "0x52908400098527886E0F7030069857D2E4169EE7",
  "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
  "0xde709f2102306220921060314715629080e2fb77",
  "0x27b1fdb04752bbc536007a920d24acb045561c26",
  "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
  "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
  "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
];

describe("addresses that a person gives (EIP-55)", () => {
  for (const text of PUBLISHED) {
    it(`${text} is as published, and as viem writes it`, () => {
      const address = addressFromHex(text);
      assert.equal(checksumAddress(address), text);
      assert.equal(checksumAddress(address), getAddress(text));
      assert.deepEqual(readChecksumAddress(text), address);
    });
  }

  it("text of one case has no checksum", () => {
    const text = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
    const upper = `0x${text.slice(2).toUpperCase()}`;
    for (const same of [text.toLowerCase(), upper]) {
      assert.deepEqual(readChecksumAddress(same), addressFromHex(text));
    }
  });

  it("any mistyped digit of two cases is refused", () => {
    const text = "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955";
    for (let index = 2; index < text.length; index++) {
      const other = text.charAt(index) === "1" ? "2" : "1";
      const mistyped = text.slice(0, index) + other + text.slice(index + 1);
      assert.throws(() => readChecksumAddress(mistyped), { code: "SETTING_INVALID" }, mistyped);
    }
  });

  it("other lengths and digits are refused", () => {
    for (const [text, code] of [
      ["", "BYTES_LENGTH"],
      ["5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeE", "SETTING_INVALID"],
      [`0x${"g".repeat(40)}`, "HEX_INVALID"],
      ["0x", "BYTES_LENGTH"],
      [`0x${"0".repeat(38)}`, "BYTES_LENGTH"],
    ] as const) {
      assert.throws(() => readChecksumAddress(text), { code }, text);
    }
  });
});
