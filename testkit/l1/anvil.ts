import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { RollupError } from "@phala-l2/protocol/errors";

export type AnvilOptions = {
  /** 0 takes any free port. */
  readonly port: number;
  readonly chainId: number;
  /**
   * Seconds between blocks; undefined mines a block for each transaction. Not both: blocks for transactions beside
   * timed ones would let L1's timestamps run ahead of the clock.
   */
  readonly blockTime?: number;
  /** File that keeps the chain between runs. */
  readonly stateFile?: string;
  /** Ethereum's rules by name, or the OP Stack's; Ethereum's newest by default. */
  readonly hardfork?: string;
  /** Unix seconds of the first block; now by default. Time goes on from there. */
  readonly timestamp?: bigint;
  /** An L2 instead: it takes deposits, and fees of L1 from the predeploy; it mines when it is told to. */
  readonly optimism?: { readonly genesisTime: bigint; readonly gasLimit: bigint };
};

export type Anvil = {
  readonly url: string;
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends it and waits until its state is on disk. */
  stop(): Promise<void>;
};

/**
 * With four slots an epoch, `safe` is the head's fourth ancestor and `finalized` the eighth, so that finality
 * comes within seconds.
 */
const SLOTS_IN_AN_EPOCH = 4;
/** How often the chain is written to the state file: a killed process loses at most this much. */
const STATE_INTERVAL_SECONDS = 2;
const START_TIMEOUT_MS = 15_000;
const LISTENING = /Listening on [\d.]+:(\d+)/;

/** The executable inside the platform's package. @throws RollupError ANVIL_MISSING */
export function anvilBinary(): string {
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${arch}/bin/anvil`;
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new RollupError("ANVIL_MISSING", `no embedded L1 for this platform: ${name}`, { cause });
  }
}

function networkArguments({ optimism }: AnvilOptions): string[] {
  if (optimism === undefined) return ["--enable-tx-gas-limit"];
  const { genesisTime, gasLimit } = optimism;
  return [
    ...["--network", "optimism", "--no-mining", "--order", "fifo", "--accounts", "0"],
    ...["--timestamp", String(genesisTime), "--gas-limit", String(gasLimit), "--disable-min-priority-fee"],
  ];
}

function anvilArguments(options: AnvilOptions): string[] {
  return [
    ...["--host", "127.0.0.1", "--port", String(options.port), "--chain-id", String(options.chainId)],
    ...["--hardfork", options.hardfork ?? "osaka", ...networkArguments(options)],
    ...["--slots-in-an-epoch", String(SLOTS_IN_AN_EPOCH), "--no-request-size-limit"],
    ...(options.timestamp === undefined ? [] : ["--timestamp", String(options.timestamp)]),
    ...(options.blockTime === undefined ? [] : ["--block-time", String(options.blockTime)]),
    ...(options.stateFile === undefined
      ? []
      : ["--state", options.stateFile, "--state-interval", String(STATE_INTERVAL_SECONDS)]),
  ];
}

/** Waits for the line that tells the port. */
function listeningPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = "";
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new RollupError("ANVIL_FAILED", `anvil ${why}: ${output.slice(-500)}`));
    };
    const timer = setTimeout(() => fail("did not start in time"), START_TIMEOUT_MS);
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const port = LISTENING.exec(output)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      child.stdout?.off("data", read);
      child.stdout?.resume();
      resolve(Number(port));
    };
    child.stdout?.on("data", read);
    child.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once("error", (error) => fail(`can't be started (${error.message})`));
    child.once("exit", (code) => fail(`ended with ${code}`));
  });
}

/**
 * Starts an embedded L1 with Osaka's rules, the transaction gas cap of EIP-7825 enforced, and quick finality.
 * @throws RollupError ANVIL_MISSING, ANVIL_FAILED
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const child = spawn(anvilBinary(), anvilArguments(options), {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "exit").then(() => {});
  const port = await listeningPort(child).catch((error) => {
    child.kill("SIGKILL");
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    ended,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
}
