import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { integerWithin } from "@phala-l2/protocol/config/settings";
import { killRelayer } from "@phala-l2/testkit/relayer/kill-relayer";
import { startSwapL1 } from "@phala-l2/testkit/relayer/swap-world";
import { defineCommand, HOLDS } from "./command.ts";

export const killRelayerCommand = defineCommand({
  name: "kill-relayer",
  summary:
    "kills a relayer again and again, on an embedded L1, and compares what was paid with what was deposited",
  settings: {
    kills: integerWithin(1, 100_000)({ help: "kills (SIGKILL) at random moments", default: "100" }),
    seed: integerWithin(0, 2 ** 32 - 1)({ help: "start of the pseudo-random sequence", default: "1" }),
  },
  run: async ({ kills, seed }, { log, print }) => {
    const folder = mkdtempSync(join(tmpdir(), "kill-relayer-"));
    try {
      const l1 = await startSwapL1(folder);
      try {
        print(await killRelayer(l1, { kills, seed, onKill: (kill) => log.info({ kill, kills }, "killed") }));
      } finally {
        await l1.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    return HOLDS;
  },
});
