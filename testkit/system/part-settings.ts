import { join } from "node:path";
import type { ProverKind } from "@phala-l2/contracts/deploy/config";
import { ROLES } from "../devnet/accounts.ts";
import type { RollupL1 } from "./rollup-l1.ts";

/** Settings of one part, as its configuration file has them. */
export type PartSettings = Readonly<Record<string, string | number | boolean | readonly string[]>>;
export type DataAvailability = "blobs" | "calldata";

/** Seconds between looks at an L1 that has a block a second. */
const L1_POLL_INTERVAL = 0.2;
/** Seconds of blocks in one batch. */
const MAX_CHANNEL_DURATION = 2;
/** L2 blocks between two proposals. */
const PROPOSAL_INTERVAL = 5;
const LOCAL_PEER = "/ip4/127.0.0.1/tcp/0";

const PAYERS: Readonly<Record<ProverKind, number>> = {
  TDX: ROLES.proverTdx,
  SEV_SNP: ROLES.proverSevSnp,
  TDX_GPU: ROLES.proverTdxGpu,
  SEV_SNP_GPU: ROLES.smoke,
};

/** Where provers read what they state of parachains; it may come while they run. */
export function statementFilesIn(folder: string) {
  return { swap: join(folder, "swap.json"), finality: join(folder, "finality.json") };
}

/** Settings of all parts of a system whose data is below `folder`. */
export function partSettings(folder: string, l1: RollupL1) {
  const { addresses } = l1.chain.book;
  const node = {
    rollup: l1.chain.rollupFile,
    genesis: l1.chain.genesisFile,
    l1RpcUrls: [l1.url],
    l1BeaconUrls: [l1.beaconUrl],
    l1PollInterval: L1_POLL_INTERVAL,
  };
  return {
    sequencer: ({ rpcPort = 0, p2pListen = LOCAL_PEER } = {}): PartSettings => ({
      ...node,
      dataDir: join(folder, "sequencer"),
      rpcPort,
      p2pListen: [p2pListen],
      signer: `dev:${ROLES.unsafeBlockSigner}`,
      originConfirmations: 0,
    }),
    /** Without peers: nothing but L1. */
    verifier: ({ peers }: { readonly peers: readonly string[] }, sequencerUrl?: string): PartSettings => ({
      ...node,
      dataDir: join(folder, "verifier"),
      rpcPort: 0,
      ...(peers.length > 0 && { p2pListen: [LOCAL_PEER], p2pPeers: peers }),
      ...(sequencerUrl !== undefined && { sequencerUrl }),
    }),
    batcher: (sequencerUrl: string, dataAvailability: DataAvailability): PartSettings => ({
      rollup: l1.chain.rollupFile,
      l1RpcUrl: l1.url,
      sequencerUrl,
      account: `dev:${ROLES.batcher}`,
      dataAvailability,
      maxChannelDuration: MAX_CHANNEL_DURATION,
      resubmitAfter: 10,
      pollInterval: L1_POLL_INTERVAL,
    }),
    prover: (kind: ProverKind): PartSettings => ({
      ...node,
      kind,
      dangerouslySimulate: true,
      dataDir: join(folder, `prover-${kind}`),
      account: `dev:${PAYERS[kind]}`,
      disputeGameFactory: addresses.DisputeGameFactoryProxy,
      anchorStateRegistry: addresses.AnchorStateRegistryProxy,
      proverRegistry: addresses.ProverRegistryProxy,
      proposalInterval: PROPOSAL_INTERVAL,
      ...statementFilesIn(folder),
      rpcPort: 0,
      pollInterval: L1_POLL_INTERVAL,
    }),
  };
}
