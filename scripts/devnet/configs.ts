import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SettingsOf } from "@phala-l2/protocol/config/settings";
import { ROLES } from "@phala-l2/testkit/devnet/accounts";
import type { DeployedChain } from "@phala-l2/testkit/devnet/deploy";
import type { EmbeddedL1 } from "./l1.ts";
import type { Part } from "./processes.ts";
import type { devnetSettings } from "./settings.ts";

export type DevnetSettings = SettingsOf<typeof devnetSettings>;
type Settings = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Seconds between looks at an L1 that has a block a second. */
const L1_POLL_INTERVAL = 0.5;
/** Seconds of blocks in one batch: safe heads move often, at the price of small batches. */
const MAX_CHANNEL_DURATION = 1;
/** L2 blocks between two proposals. */
const PROPOSAL_INTERVAL = 4;

/** Which frozen parachain the provers count; written when its contract stands, after their start. */
export const SUNSET_FILE = "sunset.json";

/** Which swap's deposits they judge; written when it stands, too. */
export const SWAP_FILE = "swap.json";

/** By what they follow the finality of the swap's parachain. */
const FINALITY_FILE = "finality.json";

/** The provers: two host vendors, and one with a GPU beside the CPU's TEE. All simulated. */
export const PROVERS = [
  { name: "prover-tdx", kind: "tdx", account: ROLES.proverTdx, port: "proverTdxPort" },
  { name: "prover-sev-snp", kind: "sev-snp", account: ROLES.proverSevSnp, port: "proverSevSnpPort" },
  { name: "prover-tdx-gpu", kind: "tdx+gpu", account: ROLES.proverTdxGpu, port: "proverTdxGpuPort" },
] as const;

type WritePart = (name: string, command: string, values: Settings) => Part;

/** The parachain that PHA is swapped from, and who relays its deposits. */
function swapParts({ folder, ...settings }: DevnetSettings, l1: EmbeddedL1, part: WritePart) {
  return {
    parachain: () =>
      part("parachain", "development-parachain", {
        port: settings.parachainPort,
        relayChainPort: settings.relayChainPort,
        file: join(folder, "parachain-blocks.jsonl"),
        finality: join(folder, FINALITY_FILE),
      }),
    relayer: () =>
      part("relayer", "relayer", {
        swap: join(folder, SWAP_FILE),
        parachainUrl: `http://127.0.0.1:${settings.parachainPort}`,
        relayChainUrl: `http://127.0.0.1:${settings.relayChainPort}`,
        l1RpcUrl: l1.rpcUrl,
        proverUrls: PROVERS.map(({ port }) => `http://127.0.0.1:${settings[port]}`),
        account: `dev:${ROLES.relayer}`,
        dataDir: join(folder, "data", "relayer"),
        healthPort: settings.relayerPort,
        resubmitAfter: 10,
        pollInterval: L1_POLL_INTERVAL,
      }),
  };
}

/** Writes the configuration files of a devnet's parts. */
export function partWriter(settings: DevnetSettings, l1: EmbeddedL1, chain: DeployedChain) {
  const { folder } = settings;
  const node = {
    rollup: chain.rollupFile,
    genesis: chain.genesisFile,
    l1RpcUrls: [l1.rpcUrl],
    l1BeaconUrls: [l1.beaconUrl],
    l1PollInterval: L1_POLL_INTERVAL,
  };

  function part(name: string, command: string, values: Settings): Part {
    const configFile = join(folder, `${name}.json`);
    writeFileSync(configFile, JSON.stringify(values, undefined, 2));
    return { name, command, configFile };
  }
  const dataDir = (name: string) => join(folder, "data", name);
  const sequencerUrl = `http://127.0.0.1:${settings.sequencerPort}`;

  return {
    sequencer: () =>
      part("sequencer", "sequencer", {
        ...node,
        dataDir: dataDir("sequencer"),
        rpcPort: settings.sequencerPort,
        rpcCorsOrigins: ["*"],
        adminPort: settings.sequencerAdminPort,
        p2pListen: [`/ip4/127.0.0.1/tcp/${settings.sequencerP2pPort}`],
        signer: `dev:${ROLES.unsafeBlockSigner}`,
        originConfirmations: 0,
      }),
    verifier: (sequencerAddresses: readonly string[]) =>
      part("verifier", "node", {
        ...node,
        dataDir: dataDir("verifier"),
        rpcPort: settings.verifierPort,
        rpcCorsOrigins: ["*"],
        p2pListen: [`/ip4/127.0.0.1/tcp/${settings.verifierP2pPort}`],
        p2pPeers: sequencerAddresses,
        sequencerUrl,
      }),
    batcher: () =>
      part("batcher", "batcher", {
        rollup: chain.rollupFile,
        l1RpcUrl: l1.rpcUrl,
        sequencerUrl,
        account: `dev:${ROLES.batcher}`,
        dataAvailability: settings.dataAvailability,
        maxChannelDuration: MAX_CHANNEL_DURATION,
        resubmitAfter: 10,
        pollInterval: L1_POLL_INTERVAL,
      }),
    prover: ({ name, kind, account, port }: (typeof PROVERS)[number]) =>
      part(name, "prover", {
        ...node,
        kind,
        dangerouslySimulate: true,
        dataDir: dataDir(name),
        rpcPort: settings[port],
        account: `dev:${account}`,
        disputeGameFactory: chain.book.addresses.DisputeGameFactoryProxy,
        anchorStateRegistry: chain.book.addresses.AnchorStateRegistryProxy,
        proverRegistry: chain.book.addresses.ProverRegistryProxy,
        sunset: join(folder, SUNSET_FILE),
        swap: join(folder, SWAP_FILE),
        finality: join(folder, FINALITY_FILE),
        proposalInterval: PROPOSAL_INTERVAL,
        pollInterval: L1_POLL_INTERVAL,
      }),
    ...swapParts(settings, l1, part),
  };
}

export type PartWriter = ReturnType<typeof partWriter>;
