import assert from "node:assert/strict";
import { test } from "node:test";
import { isRollupError } from "@phala-l2/protocol/errors";
import { parseConversation } from "./conversation.ts";

const REQUEST = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}';
const ANSWER = '{"jsonrpc":"2.0","id":1,"result":"0x1"}';

test("a conversation is requests, each with its answer, and comments", () => {
  const text = `// two requests\n>> ${REQUEST}\n<< ${ANSWER}\n\n>> ${REQUEST}\n<< ${ANSWER}\n`;
  const { name, isSpecOnly, exchanges } = parseConversation("eth_chainId/two.io", text);
  assert.deepEqual([name, isSpecOnly], ["eth_chainId/two.io", false]);
  assert.deepEqual(exchanges, [
    { request: REQUEST, response: JSON.parse(ANSWER) },
    { request: REQUEST, response: JSON.parse(ANSWER) },
  ]);
});

test("a comment says that only the answer's shape counts", () => {
  const text = `// speconly: client response is only checked for schema validity.\n>> ${REQUEST}\n<< ${ANSWER}`;
  assert.equal(parseConversation("a.io", text).isSpecOnly, true);
});

for (const [name, text] of [
  ["nothing", ""],
  ["comments alone", "// nothing else"],
  ["a request without an answer", `>> ${REQUEST}`],
  ["an answer without a request", `<< ${ANSWER}`],
  ["two requests, one answer", `>> ${REQUEST}\n>> ${REQUEST}\n<< ${ANSWER}`],
  ["an answer that is not JSON", `>> ${REQUEST}\n<< {`],
  ["another line", `>> ${REQUEST}\n<< ${ANSWER}\nthe end`],
] as const) {
  test(`${name} is no conversation`, () => {
    assert.throws(
      () => parseConversation("a.io", text),
      (error) => isRollupError(error, "FIXTURE_MALFORMED"),
    );
  });
}
