import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { ProofInput } from "@phala-l2/enclave/prove";
import { createEnclave } from "@phala-l2/enclave/session";
import { encodeWitness } from "@phala-l2/enclave/witness";
import { nativeKzg } from "@phala-l2/node/l1/kzg";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { BUNDLE_FILE, bundleEnclave } from "@phala-l2/tee-prover/image/bundle";
import { STRANGER } from "../derivation/keys.ts";
import { BUSY_CHAIN, busyRollup } from "./chains.ts";
import { collectedWitness, proofInput } from "./proofs.ts";

/** All that stands beside the bundle: it hands over what came by message, and the answer back. */
const RUNNER = `
import { createEnclave } from "./${BUNDLE_FILE}";
process.once("message", async ({ secret, domain, input, witness, commitments, gpuLies }) => {
  const kzg = { blobToKzgCommitment: () => commitments.shift() };
  const recompute = gpuLies ? async (messages) => messages.map(() => new Uint8Array(32)) : undefined;
  const enclave = createEnclave({ random: () => secret, kzg, domain, recompute });
  const answer = await enclave.proveAndSign(input, witness).catch(({ code }) => ({ code }));
  process.send({ address: enclave.address, ...answer }, () => process.disconnect());
});
`;

const folder = realpathSync(mkdtempSync(join(tmpdir(), "enclave-alone-")));
after(() => rmSync(folder, { recursive: true }));

type Request = {
  readonly secret: Uint8Array;
  readonly domain: { readonly chainId: bigint; readonly verifyingContract: Uint8Array };
  readonly input: ProofInput;
  readonly witness: Uint8Array;
  /** Of the witness's blobs, in their order: the polynomial's library is outside of the bundle. */
  readonly commitments: readonly Uint8Array[];
  /** Whether it has a GPU beside it, one that computes wrongly. */
  readonly gpuLies?: boolean;
};

/** Runs the bundle in a process that may read this folder alone, has no environment and may make no code of text. */
async function inChild(request: Request): Promise<unknown> {
  const execArgv = [
    "--permission",
    `--allow-fs-read=${folder}`,
    "--disallow-code-generation-from-strings",
    "--no-warnings",
  ];
  const child = fork(join(folder, "runner.mjs"), {
    cwd: folder,
    env: {},
    execArgv,
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const answered = once(child, "message");
  child.send(request);
  const first = await Promise.race([answered, ended.then(([code]) => assert.fail(`ended with ${code}`))]);
  await ended;
  return first[0];
}

describe("the enclave's bundle in a process of its own, without any package in reach", () => {
  const domain = { chainId: 900n, verifyingContract: STRANGER.address };
  const secret = keccak256(Uint8Array.of(42));
  let request: Request;
  before(async () => {
    writeFileSync(join(folder, BUNDLE_FILE), bundleEnclave().bytes);
    writeFileSync(join(folder, "runner.mjs"), RUNNER);
    const rollup = await busyRollup();
    const input = proofInput(rollup, 0n, BUSY_CHAIN.last);
    const { preimages, blobs } = await collectedWitness(rollup, 0n, BUSY_CHAIN.last);
    const witness = encodeWitness({ preimages, blobs });
    assert.equal(blobs.length, 1);
    const commitments = blobs.map((blob) => nativeKzg.blobToKzgCommitment(blob));
    request = { secret, domain, input, witness, commitments };
  });

  it("signs the same claim as the sources do: deposits, transfers, creations, 7702, calldata, a blob", async () => {
    const enclave = createEnclave({ random: () => secret, kzg: nativeKzg, domain });
    const { claim, signature } = await enclave.proveAndSign(request.input, request.witness);
    const { address } = enclave;
    assert.deepEqual(plain(await inChild(request)), plain({ address, claim, signature }));
  });

  it("signs nothing for another claim, nor for a changed witness", async () => {
    const input = { ...request.input, claimedOutputRoot: request.input.l1Head };
    const { address } = createEnclave({ random: () => secret, kzg: nativeKzg, domain });
    const refused = await inChild({ ...request, input });
    assert.deepEqual(plain(refused), plain({ address, code: "CLAIM_MISMATCH" }));
    const witness = encodeWitness({ preimages: [], blobs: [] });
    const blind = await inChild({ ...request, witness, commitments: [] });
    assert.deepEqual(plain(blind), plain({ address, code: "PREIMAGE_MISSING" }));
  });

  it("signs nothing that the GPU beside it does not agree to", async () => {
    const { address } = createEnclave({ random: () => secret, kzg: nativeKzg, domain });
    const refused = await inChild({ ...request, gpuLies: true });
    assert.deepEqual(plain(refused), plain({ address, code: "RECOMPUTATION_DISAGREES" }));
  });
});

/** Bytes as plain arrays: they come out of another process as Buffers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
