import { choiceOf, folderSetting, portSetting, secondsSetting } from "@phala-l2/protocol/config/settings";

/** What can be chosen of a devnet. */
export const devnetSettings = {
  folder: folderSetting({ help: "where the chain's files, data and logs are", default: ".devnet" }),
  l1Port: portSetting({ help: "JSON-RPC of the embedded L1", default: "8545" }),
  beaconPort: portSetting({ help: "beacon API of the embedded L1", default: "5052" }),
  sequencerPort: portSetting({ help: "JSON-RPC and WebSocket of the sequencer", default: "9545" }),
  sequencerAdminPort: portSetting({ help: "admin_* of the sequencer, without CORS", default: "9547" }),
  sequencerP2pPort: portSetting({ help: "gossip of the sequencer", default: "9222" }),
  verifierPort: portSetting({ help: "JSON-RPC and WebSocket of the verifier node", default: "9546" }),
  verifierP2pPort: portSetting({ help: "gossip of the verifier node", default: "9223" }),
  proverTdxPort: portSetting({ help: "tee_* of the prover of TDX", default: "9551" }),
  proverSevSnpPort: portSetting({ help: "tee_* of the prover of SEV-SNP", default: "9552" }),
  proverTdxGpuPort: portSetting({ help: "tee_* of the prover of TDX with GPU", default: "9553" }),
  parachainPort: portSetting({ help: "JSON-RPC and WebSocket of the live parachain", default: "9944" }),
  relayChainPort: portSetting({ help: "JSON-RPC of its simulated relay chain", default: "9945" }),
  relayerPort: portSetting({ help: "/status and /readyz of the swap's relayer", default: "7310" }),
  // Six processes would each load the KZG setup for blobs: seconds of work that a quick start does not have.
  dataAvailability: choiceOf(
    "blobs",
    "calldata",
    "auto",
  )({
    help: "where batches go, auto: to the cheaper",
    default: "calldata",
  }),
  l1BlockTime: secondsSetting({ help: "seconds between blocks of the embedded L1", default: "1" }),
};
