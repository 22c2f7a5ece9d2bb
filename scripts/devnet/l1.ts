import { join } from "node:path";
import { L1_CHAIN_ID } from "@phala-l2/testkit/devnet/accounts";
import { type Anvil, startAnvil } from "@phala-l2/testkit/l1/anvil";
import { type Beacon, startBeacon } from "@phala-l2/testkit/l1/beacon";
import { keepCopies, mendState } from "@phala-l2/testkit/l1/saved-state";
import type { Processes } from "./processes.ts";

export type EmbeddedL1 = { readonly rpcUrl: string; readonly beaconUrl: string; stop(): Promise<void> };

export type EmbeddedL1Options = {
  readonly folder: string;
  readonly rpcPort: number;
  readonly beaconPort: number;
  readonly blockTime: number;
};

/**
 * The devnet's L1 with its beacon API. A killed anvil is started again from its last saved state: to the rollup
 * that is an L1 reorg of a block or two.
 */
export async function startEmbeddedL1(
  { folder, rpcPort, beaconPort, blockTime }: EmbeddedL1Options,
  processes: Pick<Processes, "remember">,
  report: (line: string) => void,
): Promise<EmbeddedL1> {
  const stateFile = join(folder, "l1-state.json");
  let stopping = false;
  let anvil = await launch(rpcPort);

  async function launch(port: number): Promise<Anvil> {
    if (mendState(stateFile)) report("the embedded L1 was killed while it saved; it goes on from a copy");
    const started = await startAnvil({ port, chainId: L1_CHAIN_ID, blockTime, stateFile });
    processes.remember("l1", started.pid);
    started.ended.then(() => {
      if (!stopping) relaunch(Number(new URL(started.url).port));
    });
    return started;
  }

  function relaunch(port: number): void {
    report("the embedded L1 ended; starting it again from its saved state");
    launch(port).then(
      (started) => {
        anvil = started;
      },
      (error: Error) => report(`the embedded L1 does not start again: ${error.message}`),
    );
  }

  const stopCopying = keepCopies(stateFile);
  // The port stays the same when anvil is started again.
  const rpcUrl = anvil.url;
  const beacon: Beacon = await startBeacon({ port: beaconPort, l1Url: rpcUrl });
  return {
    rpcUrl,
    beaconUrl: beacon.url,
    stop: async () => {
      stopping = true;
      stopCopying();
      await beacon.stop();
      await anvil.stop();
    },
  };
}
