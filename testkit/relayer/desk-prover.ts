import assert from "node:assert/strict";
import { createEnclave } from "@phala-l2/enclave/session";
import { systemClock } from "@phala-l2/node/clock";
import { bytesEqual, toHex, ZERO_ADDRESS } from "@phala-l2/protocol/bytes";
import { silentLog } from "@phala-l2/protocol/log";
import { descriptionsOf } from "@phala-l2/tee-prover/host/statements/description";
import { StatementDesk } from "@phala-l2/tee-prover/host/statements/desk";
import { startTeeEndpoint } from "@phala-l2/tee-prover/rpc/endpoint";
import { L1_CHAIN_ID } from "../devnet/accounts.ts";
import type { JsonRpcServer } from "./json-rpc-server.ts";
import type { ProverKey } from "./signing-prover.ts";

const notAsked = (): never => {
  throw new RangeError("this prover is asked for releases only");
};

/**
 * `tee_signRelease` as provers serve it: their RPC, their desk, their enclave's statements; without hardware around the key, and
 * without a node of the parachain, so that only what is proven is signed.
 */
export async function serveDesk(
  { privateKey, address }: ProverKey,
  { swap, finality }: { readonly swap: string; readonly finality: string },
): Promise<JsonRpcServer> {
  const enclave = createEnclave({
    random: () => Uint8Array.from(privateKey),
    kzg: { blobToKzgCommitment: notAsked },
    domain: { chainId: BigInt(L1_CHAIN_ID), verifyingContract: ZERO_ADDRESS },
  });
  assert.ok(bytesEqual(enclave.address, address));
  const abort = new AbortController();
  const desk = new StatementDesk({
    serving: () => ({ key: toHex(enclave.address), statements: enclave }),
    descriptions: descriptionsOf({ sunset: undefined, swap, finality }),
    isFinal: undefined,
    clock: systemClock,
    log: silentLog,
    signal: abort.signal,
  });
  const server = await startTeeEndpoint(
    { rpcHost: "127.0.0.1", rpcPort: 0, rpcCorsOrigins: [], rpcReleaseMebibytes: 4 },
    {
      facts: notAsked,
      readStanding: notAsked,
      readPolicyRules: notAsked,
      readCoverage: notAsked,
      numberOf: notAsked,
      desk,
      clock: systemClock,
      log: silentLog,
    },
  );
  assert.ok(server);
  return {
    url: server.url,
    stop: async () => {
      abort.abort();
      await server.stop();
    },
  };
}
