import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toHex } from "@phala-l2/protocol/bytes";
import { formatRollupConfig, parseRollupConfig } from "@phala-l2/protocol/config/rollup-json";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { L1_BLOCK } from "@phala-l2/protocol/predeploys";
import { proveKey, verifyProof } from "@phala-l2/protocol/trie/proof";
import { openTrie } from "@phala-l2/protocol/trie/trie";
import { l1AttributesSourceHash } from "@phala-l2/protocol/wire/deposit";
import { decodeL1Attributes, encodeL1Attributes } from "@phala-l2/protocol/wire/l1-attributes";
import { decodeRlp } from "@phala-l2/protocol/wire/rlp";
import { decodeTransaction, encodeTransaction, recoverSender } from "@phala-l2/protocol/wire/transaction";
import { FILES, readSepoliaBlock, SKIP, sepoliaJson } from "./sepolia.ts";

describe("encodings in real blocks of OP Sepolia", { skip: SKIP }, () => {
  for (const file of FILES) {
    test(`${file}: transactions and L1 attributes`, () => {
      for (const [index, raw] of readSepoliaBlock(file).attributes.transactions.entries()) {
        const decoded = decodeTransaction(raw);
        assert.ok(decoded.kind === "ok", `transaction ${index}`);
        assert.deepEqual(encodeTransaction(decoded.transaction), raw);
        assert.ok(recoverSender(decoded.transaction) !== undefined);
        if (index > 0) continue;
        assert.ok(decoded.transaction.type === 0x7e);
        assert.deepEqual(decoded.transaction.to, L1_BLOCK);
        const attributes = decodeL1Attributes(decoded.transaction.data);
        assert.ok(attributes.kind === "ok");
        const { hash: l1Hash, sequenceNumber } = attributes.attributes;
        assert.deepEqual(
          encodeL1Attributes(attributes.attributes, attributes.format),
          decoded.transaction.data,
        );
        assert.deepEqual(decoded.transaction.sourceHash, l1AttributesSourceHash(l1Hash, sequenceNumber));
      }
    });

    test(`${file}: a proof out of the witness`, () => {
      const { parent, preimages } = readSepoliaBlock(file);
      const read = (hash: Uint8Array) => preimages.get(toHex(hash));
      const key = keccak256(L1_BLOCK);
      const account = openTrie(parent.stateRoot, read).get(key);
      assert.ok(account !== undefined);
      const fields = decodeRlp(account);
      assert.ok(fields.kind === "ok" && fields.item.length === 4);
      const proof = proveKey(parent.stateRoot, read, key);
      assert.deepEqual(verifyProof(parent.stateRoot, key, proof), { kind: "ok", value: account });
      assert.equal(verifyProof(parent.stateRoot, key, proof.slice(0, -1)).kind, "invalid");
    });

    test(`${file}: rollup.json`, () => {
      const json = sepoliaJson(file).rollup_config;
      const config = parseRollupConfig(json);
      assert.equal(config.l2ChainId, 11_155_420n);
      assert.equal(
        toHex(config.genesis.l2.hash),
        "0x102de6ffb001480cc9b8b548fd05c34cd4f46ae4aa91759393db90ea0409887d",
      );
      assert.equal(config.forks.regolith, config.forks.canyon);
      assert.deepEqual(parseRollupConfig(formatRollupConfig(config)), config);
    });
  }
});
