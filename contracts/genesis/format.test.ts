import assert from "node:assert/strict";
import { test } from "node:test";
import { addressFromHex, toHex } from "@phala-l2/protocol/bytes";
import { isRollupError } from "@phala-l2/protocol/errors";
import { contractAccount, implementationAddress, plainAccount, word } from "./account.ts";
import { aliasOf } from "./alias.ts";
import { type FeeParameters, formatGenesis, genesisHeader } from "./format.ts";

const FEES: FeeParameters = { denominator: 250, elasticity: 6, minBaseFee: 1_000_000n };
const CHOSEN = { timestamp: 1_700_000_000n, gasLimit: 60_000_000n, baseFee: 1_000_000_000n };

function refuses(run: () => unknown, code = "GENESIS_INPUT"): void {
  assert.throws(run, (error) => isRollupError(error, code));
}

test("extra data is Jovian's: version, denominator, elasticity, least base fee", () => {
  const { extraData } = genesisHeader({ ...CHOSEN, fees: FEES });
  assert.equal(toHex(extraData), "0x01000000fa0000000600000000000f4240");
});

test("parameters that would halt or surprise the chain are refused", () => {
  refuses(() => genesisHeader({ ...CHOSEN, fees: { ...FEES, denominator: 0 } }));
  refuses(() => genesisHeader({ ...CHOSEN, fees: { ...FEES, elasticity: 0 } }));
  refuses(() => genesisHeader({ ...CHOSEN, baseFee: 999_999n, fees: FEES }));
  refuses(() => genesisHeader({ ...CHOSEN, fees: { ...FEES, elasticity: 2 ** 32 } }), "INTEGER_RANGE");
});

test("genesis.json has geth's form", () => {
  const contract = toHex(addressFromHex("0x4200000000000000000000000000000000000015"));
  const holder = toHex(addressFromHex("0x00000000000000000000000000000000000000aa"));
  const json = formatGenesis(
    901n,
    FEES,
    genesisHeader({ ...CHOSEN, fees: FEES }),
    new Map([
      [holder, plainAccount(10n ** 18n)],
      [
        contract,
        contractAccount("0x60", [
          [1n, 0n],
          [2n, 255n],
        ]),
      ],
    ]),
  );
  assert.deepEqual(json.alloc, {
    [holder]: { balance: "0xde0b6b3a7640000" },
    [contract]: { balance: "0x0", nonce: "0x1", code: "0x60", storage: { [word(2n)]: word(255n) } },
  });
  assert.equal(json.timestamp, "0x6553f100");
  assert.equal(json.gasLimit, "0x3938700");
  assert.equal(json.baseFeePerGas, "0x3b9aca00");
  assert.equal(json.coinbase, "0x4200000000000000000000000000000000000011");
  const { optimism, chainId, jovianTime, bedrockBlock } = json.config;
  assert.deepEqual(
    { optimism, chainId, jovianTime, bedrockBlock },
    {
      optimism: { eip1559Elasticity: 6, eip1559Denominator: 250, eip1559DenominatorCanyon: 250 },
      chainId: 901,
      jovianTime: 0,
      bedrockBlock: 0,
    },
  );
  assert.deepEqual(JSON.parse(JSON.stringify(json)), json);
});

test("a chain id beyond JSON's numbers is refused", () => {
  refuses(() => formatGenesis(2n ** 53n, FEES, genesisHeader({ ...CHOSEN, fees: FEES }), new Map()));
});

test("aliases wrap around at 2^160", () => {
  assert.equal(
    toHex(aliasOf(addressFromHex("0x0000000000000000000000000000000000000000"))),
    "0x1111000000000000000000000000000000001111",
  );
  assert.equal(
    toHex(aliasOf(addressFromHex("0xffffffffffffffffffffffffffffffffffffffff"))),
    "0x1111000000000000000000000000000000001110",
  );
});

test("implementations stand in the code namespace", () => {
  assert.equal(toHex(implementationAddress(0x16)), "0xc0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d3c0d30016");
});
