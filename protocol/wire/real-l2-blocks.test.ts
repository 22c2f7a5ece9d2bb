import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { fromHex, hashFromHex } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import { L1_BLOCK } from "../predeploys.ts";
import { proveKey, verifyProof } from "../trie/proof.ts";
import { openTrie, readerOfNodes } from "../trie/trie.ts";
import { l1AttributesSourceHash } from "./deposit.ts";
import { decodeL1Attributes, encodeL1Attributes } from "./l1-attributes.ts";
import { decodeRlp } from "./rlp.ts";
import { decodeTransaction, encodeTransaction, recoverSender } from "./transaction.ts";

const FOLDER = join(import.meta.dirname, "../../../shared/vectors/op/execution");
const FILES = ["block-26207960.json.gz", "block-26208927.json.gz"];
const skip = existsSync(FOLDER) ? false : "the OP Sepolia blocks are not here";

describe("real blocks of OP Sepolia", { skip }, () => {
  for (const file of FILES) {
    test(file, () => {
      const vector = JSON.parse(gunzipSync(readFileSync(join(FOLDER, file))).toString());
      const raws: Uint8Array[] = vector.executing_payload.transactions.map(fromHex);
      for (const [index, raw] of raws.entries()) {
        const decoded = decodeTransaction(raw);
        assert.ok(decoded.kind === "ok", `transaction ${index}`);
        assert.deepEqual(encodeTransaction(decoded.transaction), raw);
        assert.ok(recoverSender(decoded.transaction) !== undefined);
        if (index > 0) continue;
        assert.ok(decoded.transaction.type === 0x7e);
        assert.deepEqual(decoded.transaction.to, L1_BLOCK);
        const attributes = decodeL1Attributes(decoded.transaction.data);
        assert.ok(attributes.kind === "ok" && attributes.format === "ecotone");
        const { hash: l1Hash, sequenceNumber } = attributes.attributes;
        assert.deepEqual(encodeL1Attributes(attributes.attributes, "ecotone"), decoded.transaction.data);
        assert.deepEqual(decoded.transaction.sourceHash, l1AttributesSourceHash(l1Hash, sequenceNumber));
      }

      const read = readerOfNodes(Object.values<string>(vector.preimages).map(fromHex));
      const stateRoot = hashFromHex(vector.parent_header.stateRoot);
      const key = keccak256(L1_BLOCK);
      const account = openTrie(stateRoot, read).get(key);
      assert.ok(account !== undefined);
      const fields = decodeRlp(account);
      assert.ok(fields.kind === "ok" && fields.item.length === 4);
      const proof = proveKey(stateRoot, read, key);
      assert.deepEqual(verifyProof(stateRoot, key, proof), { kind: "ok", value: account });
      assert.equal(verifyProof(stateRoot, key, proof.slice(0, -1)).kind, "invalid");
    });
  }
});
