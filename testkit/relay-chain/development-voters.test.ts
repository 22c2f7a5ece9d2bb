import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  hasDevelopmentVoter,
  substrateDevelopmentVoters,
} from "@phala-l2/protocol/substrate/development-voters";
import {
  cryptoWaitReady,
  ed25519PairFromSeed,
  keyExtractPath,
  keyFromPath,
  mnemonicToMiniSecret,
} from "@polkadot/util-crypto";
import { authoritySetOf, DangerouslySimulatedRelayChain } from "./relay-chain.ts";

/** The phrase that Substrate's tools take where none is given. */
const PHRASE = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";

describe("deployments that may hold value know as development's", () => {
  it("each set of the simulated relay chain, from its start on", () => {
    const chain = new DangerouslySimulatedRelayChain({ paraId: 2035 });
    assert.equal(hasDevelopmentVoter(chain.start.source.set), true);
    for (let i = 0; i < 3; i++) {
      assert.equal(hasDevelopmentVoter(authoritySetOf(chain.handOver().next)), true);
    }
  });

  it("what Substrate's own library derives from its phrase", async () => {
    await cryptoWaitReady();
    const pair = ed25519PairFromSeed(mnemonicToMiniSecret(PHRASE));
    const voters = [...substrateDevelopmentVoters()];
    assert.equal(voters.length, 17);
    for (const [path, key] of voters) {
      const { publicKey } = keyFromPath(pair, keyExtractPath(path).path, "ed25519");
      assert.deepEqual(key, publicKey, path);
    }
  });
});
