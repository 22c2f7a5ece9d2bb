import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { hasUpgradeTransactions, upgradeTransactions } from "@phala-l2/derivation/upgrade-transactions";
import { KARST_BUNDLE } from "@phala-l2/derivation/upgrades/karst.generated";
import { createEthereumjsEvm } from "@phala-l2/execution/evm/ethereumjs/evm";
import { CHAIN_ID, TestChain } from "@phala-l2/execution/testing/chain";
import { jovianConfig } from "@phala-l2/execution/testing/config";
import { contractAddress } from "@phala-l2/execution/transaction/contract-address";
import { addressFromHex, bigintToBytes, concatBytes, toHex } from "@phala-l2/protocol/bytes";
import { forksUpTo, testRollup } from "@phala-l2/protocol/config/testing/rollup";
import { KARST_UPGRADE_GAS } from "@phala-l2/protocol/config/upgrade-gas";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { L1_BLOCK } from "@phala-l2/protocol/predeploys";
import { decodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import {
  type DepositTransaction,
  decodeTransaction,
  encodeTransaction,
} from "@phala-l2/protocol/wire/transaction";
import { L1_GENESIS_TIME } from "./l1-chain.ts";
import { configUpdate, transactionDeposited, UPDATE_TYPE, word } from "./l1-events.ts";
import { l2Transaction } from "./l2-transactions.ts";
import { reasonsOf, Scenario } from "./scenario.ts";

const TO = addressFromHex(`0x${"70".repeat(20)}`);

function depositsOf(fork: "isthmus" | "jovian" | "karst"): readonly DepositTransaction[] {
  const before = { isthmus: "holocene", jovian: "isthmus", karst: "jovian" } as const;
  const config = testRollup({ forks: { ...forksUpTo(before[fork]), [fork]: 10n } });
  return upgradeTransactions(config, 10n).map((raw) => {
    const decoded = decodeTransaction(raw);
    assert.ok(decoded.kind === "ok" && decoded.transaction.type === 0x7e);
    return decoded.transaction;
  });
}

describe("network upgrade transactions", () => {
  it("isthmus/derivation.md: are byte for byte those that kona has as vectors", () => {
    const config = testRollup({ forks: { ...forksUpTo("holocene"), isthmus: 10n } });
    assert.deepEqual(
      upgradeTransactions(config, 10n).map((raw) => toHex(keccak256(raw))),
      [
        "0x4557f1142fedd52d571b070a290aa8683a03f7aac7929967858af7aab48cd4cc",
        "0x9412bd3fa72eb1dbec94fd2297d44a8b86cb1f55966324e6cc7d57decc92c1f6",
        "0xa9e6286eadd53ecf7bb2bff668c4fcb62305a8b3e4b584c30f7d4f90046ee75e",
        "0xe992e00998b34075506d2726a274db07a62af6cdd9d527bfda9128114603cfbd",
        "0xb6560306ccb0e772b132a8a6dd78244c0d7ac270c80baba40f95006184926c30",
        "0xf162acc8ebbaf9237755736b62331a4817fe27bbbe3712f473ecfa8fee499f7c",
        "0xbf2fef09f73279373fce8acd2968ca4fd1d10ba88bf10993b6a69c33d913f01b",
        "0xf3ddde30514a8d00b0b92f14b9ce6b3170ea30f5f45b1afdc0905801134ffefe",
      ],
    );
  });

  it("jovian/derivation.md: have the source hashes, gas limits and calls of op-node and kona", () => {
    const facts = depositsOf("jovian").map(({ sourceHash, gasLimit, data }) => [
      toHex(sourceHash),
      gasLimit,
      data.length > 100 ? data.length : toHex(data),
    ]);
    assert.deepEqual(facts, [
      ["0xbb1a656f65401240fac3db12e7a79ebb954b11e62f7626eb11691539b798d3bf", 447_315n, 1845],
      [
        "0xf3275f829340521028f9ad5bce4ecb1c64a45d448794effa2a77674627338e76",
        50_000n,
        "0x3659cfe60000000000000000000000003ba4007f5c922fbb33c454b41ea7a1f11e83df2c",
      ],
      ["0x239b7021a6c2cf3a918481242bbb5a9499057f24501539467536c691bb133962", 1_750_714n, 7880],
      [
        "0xa70c60aa53b8c1c0d52b39b1e901e7d7c09f7819595cb24048a6bb1983b401ff",
        50_000n,
        "0x3659cfe60000000000000000000000004f1db3c6abd250ba86e0928471a8f7db3afd88f1",
      ],
      ["0xe836db6a959371756f8941be3e962d000f7e12a32e49e2c9ca42ba177a92716c", 90_000n, "0xb3d72079"],
    ]);
  });

  it("karst/derivation.md: are the published bundle, whose hash is pinned, and need so much gas", () => {
    const bundle = {
      metadata: { version: "1.0.0" },
      transactions: KARST_BUNDLE.map(({ data, from, gasLimit, intent, to }) => ({
        data,
        from,
        gasLimit,
        intent,
        to,
      })),
    };
    const hash = createHash("sha256")
      .update(JSON.stringify(bundle, undefined, 2))
      .digest("hex");
    assert.equal(hash, "08f5df36f7ff29a9421ab84beebe96684a7455df9a5d234a2468613a4008ad91");
    const deposits = depositsOf("karst");
    assert.equal(deposits.length, 31);
    assert.equal(
      deposits.reduce((gas, { gasLimit }) => gas + gasLimit, 0n),
      KARST_UPGRADE_GAS,
    );
    const intent = keccak256(new TextEncoder().encode("Karst 0: ConditionalDeployer Deployment"));
    const source = keccak256(concatBytes(bigintToBytes(2n, 32), intent));
    assert.deepEqual(deposits[0]?.sourceHash, source);
  });

  it("deploy code of the hashes that the specifications state", async () => {
    const config = jovianConfig(CHAIN_ID);
    const chain = new TestChain({ config, evm: await createEthereumjsEvm(config) });
    const deployments = [...depositsOf("isthmus"), ...depositsOf("jovian")].filter(
      ({ to }) => to === undefined,
    );
    // The last of Isthmus finds its contract in the genesis; here it gets a sender that has none.
    const other = addressFromHex(`0x${"5e".repeat(20)}`);
    const fresh = deployments.map((tx) => (tx.gasLimit === 250_000n ? { ...tx, from: other } : tx));
    await chain.build(fresh.map(encodeTransaction));
    assert.deepEqual(
      fresh.map(({ from }) => toHex(keccak256(chain.code(contractAddress(from, 0n))))),
      [
        "0x8e3fe7a416d3e5f3b7be74ddd4e7e58e516fa3f80b67c6d930e3cd7297da4a4b",
        "0x4d195a9d7caf9fb6d4beaf80de252c626c853afd5868c4f4f8d19c9d301c2679",
        "0x57dc55c9c09ca456fa728f253fe7b895d3e6aae0706104935fe87c7721001971",
        "0x6e49e66782037c0555897870e29fa5e552daf4719552131a0abce779daec0a5d",
        "0x5f885ca815d2cf27a203123e50b8ae204fdca910b6995d90b2d7700cbb9240d1",
        "0xe9fc7c96c4db0d6078e3d359d7e8c982c350a513cb2c31121adf5e1e8a446614",
      ],
    );
    // Proxies are pointed to where the deployers' first contracts are.
    const calls = [...depositsOf("isthmus"), ...depositsOf("jovian")].filter(
      ({ data }) => data.length === 36,
    );
    const deployed = [0, 1, 2, 4, 5].map((i) => contractAddress(fresh[i]?.from ?? other, 0n));
    assert.deepEqual(
      calls.map(({ data }) => toHex(data.subarray(16))),
      deployed.map(toHex),
    );
  });

  it("are known for no fork that activates more than rules", () => {
    assert.equal(hasUpgradeTransactions("holocene"), false);
    assert.deepEqual(upgradeTransactions(testRollup(), 0n), []);
  });
});

/** The forks become active at blocks 3, 5 and 7 of a chain of two-second blocks. */
function lateScenario(): Scenario {
  const at = (block: bigint) => L1_GENESIS_TIME + 2n * block;
  const forks = {
    ...forksUpTo("holocene"),
    isthmus: at(3n),
    jovian: at(5n),
    karst: at(7n),
  };
  return new Scenario({ forks });
}

function attributesFormat([first]: readonly Uint8Array[]): string {
  const decoded = first === undefined ? undefined : decodeTransaction(first);
  const values = decoded?.kind === "ok" ? decodeL1Attributes(decoded.transaction.data) : undefined;
  return values?.kind === "ok" ? values.format : "none";
}

describe("forks that become active after genesis", () => {
  it("have their upgrades, gas and formats at the right blocks", () => {
    const scenario = lateScenario();
    scenario.l1.mine();
    const batches = scenario.sequenceMany(8);
    scenario.mineBatches(batches);
    const { blocks, derived } = scenario.derive();
    assert.equal(blocks.length, 8);
    assert.deepEqual(
      blocks.map(({ transactions }) => [attributesFormat(transactions), transactions.length]),
      [
        ["ecotone", 1],
        ["ecotone", 1],
        ["ecotone", 9],
        ["isthmus", 1],
        ["isthmus", 6],
        ["jovian", 1],
        ["jovian", 32],
        ["jovian", 1],
      ],
    );
    const usual = scenario.config.genesis.systemConfig.gasLimit;
    assert.deepEqual(
      derived.map(({ attributes }) => attributes.gasLimit - usual),
      [0n, 0n, 0n, 0n, 0n, 0n, KARST_UPGRADE_GAS, 0n],
    );
  });

  it("put the upgrade after the users' deposits", () => {
    const scenario = lateScenario();
    const { config } = scenario;
    scenario.l1.mine({
      logs: [[transactionDeposited(config, { from: TO, to: TO, gasLimit: 77_000n })]],
      timestamp: L1_GENESIS_TIME + 6n,
    });
    const batches = scenario.sequenceMany(3);
    scenario.mineBatches(batches);
    const transactions = scenario.derive().blocks[2]?.transactions ?? [];
    const limits = transactions.map((raw) => {
      const decoded = decodeTransaction(raw);
      return decoded.kind === "ok" ? decoded.transaction.gasLimit : 0n;
    });
    assert.deepEqual(limits.slice(0, 3), [1_000_000n, 77_000n, 425_000n]);
    assert.equal(limits.length, 10);
  });

  it("jovian/derivation.md, Activation Block Rules: drop a batch with transactions at Jovian and Karst, not at Isthmus", () => {
    const dropsAt = (block: number) => {
      const scenario = lateScenario();
      scenario.l1.mine();
      const batches = scenario.sequenceMany(8, (i) => (i === block - 1 ? [l2Transaction(1)] : []));
      scenario.mineBatches(batches);
      const derivation = scenario.derive();
      return [derivation.blocks.length, reasonsOf(derivation)];
    };
    assert.deepEqual(dropsAt(3), [8, []]);
    assert.deepEqual(dropsAt(4), [8, []]);
    assert.deepEqual(dropsAt(5), [4, ["transactions-in-activation-block"]]);
    assert.deepEqual(dropsAt(7), [6, ["transactions-in-activation-block"]]);
  });

  it("op-node PayloadToSystemConfig: forget parameters that L1 set before blocks could tell them", () => {
    const valuesOf = (time: bigint) => {
      const scenario = lateScenario();
      const { config } = scenario;
      const logs = [
        configUpdate(config, UPDATE_TYPE.operatorFee, word(7n * 2n ** 64n + 9n)),
        configUpdate(config, UPDATE_TYPE.minBaseFee, word(1234n)),
        configUpdate(config, UPDATE_TYPE.daFootprintGasScalar, word(555n)),
        configUpdate(config, UPDATE_TYPE.gasLimit, word(50_000_000n)),
      ];
      scenario.l1.mine({ logs: [logs], timestamp: L1_GENESIS_TIME + time });
      scenario.mineBatches(scenario.sequenceMany(8));
      const { blocks, derived } = scenario.derive();
      assert.equal(blocks.length, 8);
      const last = blocks.at(-1)?.transactions[0];
      const decoded = last === undefined ? undefined : decodeTransaction(last);
      assert.ok(decoded?.kind === "ok");
      const info = decodeL1Attributes(decoded.transaction.data);
      assert.ok(info.kind === "ok");
      const attributes = derived.at(-1)?.attributes;
      return [
        info.attributes.operatorFeeConstant,
        info.attributes.daFootprintGasScalar,
        attributes?.minBaseFee,
        attributes?.gasLimit,
      ];
    };
    const gasLimit = 50_000_000n;
    // The origin enters at block 2: before every fork. At 3 Isthmus' own block still has the old format.
    assert.deepEqual(valuesOf(4n), [0n, 400n, 0n, gasLimit]);
    assert.deepEqual(valuesOf(6n), [0n, 400n, 0n, gasLimit]);
    assert.deepEqual(valuesOf(8n), [9n, 400n, 0n, gasLimit]);
    // Jovian's own block has the minimum base fee in its header, and not yet the footprint in its attributes.
    assert.deepEqual(valuesOf(10n), [9n, 400n, 1234n, gasLimit]);
    assert.deepEqual(valuesOf(12n), [9n, 555n, 1234n, gasLimit]);
    // At Karst the additional gas goes again.
    assert.deepEqual(valuesOf(14n), [9n, 555n, 1234n, gasLimit]);
  });

  it("begin anywhere with the same result", () => {
    const scenario = lateScenario();
    scenario.l1.mine();
    for (let i = 0; i < 8; i++) {
      scenario.mineBatches([scenario.sequence()]);
      scenario.restart();
      assert.equal(scenario.derive().blocks.length, 1);
      assert.deepEqual(scenario.verifier.head.ref, scenario.sequencer.head.ref);
    }
  });
});

describe("predeploys that upgrades speak to", () => {
  it("the L1Block proxy is the one of the L1 attributes", () => {
    assert.deepEqual(depositsOf("jovian")[1]?.to, L1_BLOCK);
  });
});
