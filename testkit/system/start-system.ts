import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkDescription } from "@phala-l2/bridge/network";
import { proverRegistryAbi } from "@phala-l2/contracts/abi/prover-registry";
import type { AddressBook } from "@phala-l2/contracts/deploy/address-book";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { nodeOptions, nodeSettings, type RunningNode, startNode } from "@phala-l2/node/main";
import { resolveSettings, type SettingsOf, type SettingsTable } from "@phala-l2/protocol/config/settings";
import { type Log, silentLog } from "@phala-l2/protocol/log";
import { batcherSettings, startBatcher } from "@phala-l2/sequencer/batcher/main";
import { sequencerSettings, startSequencer } from "@phala-l2/sequencer/main";
import { parsePrinted } from "@phala-l2/tee-prover/host/registration/printed";
import { proverSettings, type RunningProver, startProver } from "@phala-l2/tee-prover/main";
import { createPublicClient, http } from "viem";
import { ROLES } from "../devnet/accounts.ts";
import type { ChainOptions, DeployedChain } from "../devnet/deploy.ts";
import { type DataAvailability, type PartSettings, partSettings } from "./part-settings.ts";
import { domainOf, type Registrar, registerFor, registerStolen, type StolenKey } from "./register.ts";
import { type RollupL1, startRollupL1 } from "./rollup-l1.ts";
import { until } from "./wait.ts";

export type SystemOptions = {
  /** Calldata unless blobs matter: the first blob keeps anvil busy for seconds. */
  readonly dataAvailability?: DataAvailability;
  /** Provers that run and are registered from the start. */
  readonly provers?: readonly ProverKind[];
  readonly log?: Log;
  readonly chain?: ChainOptions;
};

/** A part that can be stopped and started again. */
type Stoppable = { stop(): Promise<void> };

/** Until a prover has brought the vendors' certificates to L1, a round of transactions after the other, and registered. */
const REGISTRATION_TIMEOUT_MS = 120_000;

/** Reads a part's settings in the way its command does. */
function settingsOf<Table extends SettingsTable>(table: Table, file: PartSettings): SettingsOf<Table> {
  const resolved = resolveSettings(table, { flags: {}, environment: {}, file });
  if (resolved.kind === "ok") return resolved.settings;
  assert.fail(`the system's settings do not fit its parts: ${JSON.stringify(resolved.problems)}`);
}

/** Where a node that was started with RPC answers. */
export function rpcUrlOf({ rpc }: RunningNode): string {
  assert.ok(rpc, "this node serves RPC");
  return rpc.url;
}

/**
 * The whole rollup in this process, over an embedded L1 that has a block a second: the real sequencer, batcher,
 * verifier and provers. Tests act through what each part offers to the world, and stop and start parts.
 */
export class System {
  readonly #l1: RollupL1;
  readonly #folder: string;
  readonly #log: Log;
  readonly #settings: ReturnType<typeof partSettings>;
  readonly #provers = new Map<ProverKind, RunningProver>();
  #sequencer: RunningNode | undefined;
  #verifier: RunningNode | undefined;
  #batcher: Stoppable | undefined;

  constructor(folder: string, l1: RollupL1, log: Log) {
    this.#folder = folder;
    this.#l1 = l1;
    this.#log = log;
    this.#settings = partSettings(folder, l1);
  }

  /** Data of parts that a test adds. */
  get folder(): string {
    return this.#folder;
  }

  /** The provers' `tee_*`. */
  get proverUrls(): readonly string[] {
    return [...this.#provers.values()].flatMap(({ rpcUrl }) => rpcUrl ?? []);
  }

  get l1Url(): string {
    return this.#l1.url;
  }

  get chain(): DeployedChain {
    return this.#l1.chain;
  }

  get addresses(): AddressBook["addresses"] {
    return this.#l1.chain.book.addresses;
  }

  get sequencer(): RunningNode {
    return running(this.#sequencer, "sequencer");
  }

  get verifier(): RunningNode {
    return running(this.#verifier, "verifier");
  }

  /** Both chains as a bridge's user sees them, L2 through the sequencer. */
  get network(): NetworkDescription {
    const { l1ChainId, l2ChainId, addresses } = this.#l1.chain.book;
    return {
      l1ChainId,
      l2ChainId: Number(l2ChainId),
      l1RpcUrl: this.l1Url,
      l2RpcUrl: rpcUrlOf(this.sequencer),
      portal: addresses.OptimismPortalProxy,
      disputeGameFactory: addresses.DisputeGameFactoryProxy,
      l1StandardBridge: addresses.L1StandardBridgeProxy,
      multicall3: addresses.Multicall3,
    };
  }

  async startSequencer(): Promise<void> {
    const settings = settingsOf(sequencerSettings, this.#settings.sequencer());
    this.#sequencer = await startSequencer(settings, { log: this.#log });
  }

  /** Stops the batcher, if one runs, and starts it again; what it had not posted comes in the other form. */
  async restartBatcher(dataAvailability: DataAvailability): Promise<void> {
    await this.#batcher?.stop();
    const values = this.#settings.batcher(rpcUrlOf(this.sequencer), dataAvailability);
    this.#batcher = await startBatcher(settingsOf(batcherSettings, values), { log: this.#log });
  }

  /**
   * Stops the verifier, if one runs, and starts it again.
   * @param emptied Its database is deleted in between. @param gossip false leaves it nothing but L1.
   */
  async restartVerifier({ emptied = false, gossip = true } = {}): Promise<void> {
    await this.#verifier?.stop();
    this.#verifier = undefined;
    const peers = gossip ? (this.sequencer.gossip?.addresses() ?? []) : [];
    const sequencerUrl = gossip ? rpcUrlOf(this.sequencer) : undefined;
    const values = settingsOf(nodeSettings, this.#settings.verifier({ peers }, sequencerUrl));
    if (emptied) rmSync(values.dataDir, { recursive: true, force: true });
    this.#verifier = await startNode(await nodeOptions(values), { log: this.#log });
  }

  /** Starts a prover. Unless it registers its key, that counts for nothing before somebody else does. */
  async startProver(kind: ProverKind, { registers = true } = {}): Promise<RunningProver> {
    const settings = settingsOf(proverSettings, { ...this.#settings.prover(kind), registers });
    const prover = await startProver(settings, { log: this.#log });
    this.#provers.set(kind, prover);
    return prover;
  }

  async stopProver(kind: ProverKind): Promise<void> {
    const prover = this.#provers.get(kind);
    this.#provers.delete(kind);
    await prover?.stop();
  }

  /** Registers a prover's first key in its place. */
  async registerProver({ address, ...printed }: RunningProver): Promise<void> {
    const { kind, l1Block, registration, evidence } = printed;
    const text = JSON.stringify({ key: address, kind, l1Block, registration, evidence });
    await registerFor(parsePrinted(text, domainOf(this.addresses)), this.#registrar());
  }

  /** Registers a key of this process by simulated evidence. */
  registerStolen(key: StolenKey, kind: ProverKind): Promise<void> {
    return registerStolen(key, kind, this.#registrar());
  }

  /** Waits until the registry counts a prover's first key. */
  async untilCounted({ address }: Pick<RunningProver, "address">): Promise<void> {
    const registry = { address: this.addresses.ProverRegistryProxy, abi: proverRegistryAbi } as const;
    const client = createPublicClient({ transport: http(this.l1Url) });
    await until(() => client.readContract({ ...registry, functionName: "isValid", args: [address] }), {
      what: `the registry counts ${address}`,
      timeoutMs: REGISTRATION_TIMEOUT_MS,
    });
  }

  /** An account that no prover sends from: two senders would take the same nonce. */
  #registrar(): Registrar {
    return { l1Url: this.l1Url, addresses: this.addresses, payer: ROLES.smoke };
  }

  /** Stops everything, users' side first, and leaves no process and no file. */
  async stop(): Promise<void> {
    for (const prover of this.#provers.values()) await prover.stop();
    await this.#batcher?.stop();
    await this.#verifier?.stop();
    await this.#sequencer?.stop();
    await this.#l1.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function running(node: RunningNode | undefined, name: string): RunningNode {
  assert.ok(node, `the ${name} runs`);
  return node;
}

/** Starts the whole rollup on free ports and in a folder of its own; returns when all parts serve. */
export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const { dataAvailability = "calldata", provers = [], log = silentLog, chain } = options;
  const folder = mkdtempSync(join(tmpdir(), "phala-l2-system-"));
  let l1: RollupL1;
  try {
    l1 = await startRollupL1(folder, chain);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const system = new System(folder, l1, log);
  try {
    await system.startSequencer();
    await Promise.all([system.restartBatcher(dataAvailability), system.restartVerifier()]);
    const started: RunningProver[] = [];
    for (const kind of provers) started.push(await system.startProver(kind));
    await Promise.all(started.map((prover) => system.untilCounted(prover)));
    return system;
  } catch (error) {
    await system.stop();
    throw error;
  }
}

/** Waits until the node has derived this block from L1. */
export async function untilSafe(node: RunningNode, number: bigint, timeoutMs?: number): Promise<void> {
  await until(() => node.chain.heads().safe.number >= number, {
    what: `L2 block ${number} is safe`,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}
