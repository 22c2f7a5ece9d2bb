import { proverSettings, startProver } from "@phala-l2/tee-prover/main";
import { defineCommand, HOLDS, untilStopped } from "./command.ts";

export const proverCommand = defineCommand({
  name: "prover",
  summary: "proves the chain's states in a TEE and keeps settlement going",
  settings: proverSettings,
  run: async (settings, { log, print, stop }) => {
    const {
      address,
      kind,
      measurement,
      simulated,
      program = null,
      l1Block,
      registration,
      evidence,
      rpcUrl = null,
      stop: end,
    } = await startProver(settings, { log });
    const facts = { kind, measurement, simulated, program, l1Block, registration, evidence };
    print({ ready: true, key: address, ...facts, rpc: rpcUrl });
    await untilStopped(stop);
    await end();
    return HOLDS;
  },
});
