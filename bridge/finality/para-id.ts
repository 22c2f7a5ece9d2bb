import { ScaleReader } from "@phala-l2/protocol/substrate/scale";
import { storagePrefix } from "@phala-l2/protocol/substrate/storage-key";
import { nodeFault, type SubstrateNode } from "../substrate/node.ts";

/** Where a parachain keeps the number that its relay chain knows it by. */
export const PARA_ID_KEY = storagePrefix("ParachainInfo", "ParachainId");

/**
 * The number that a parachain has on its relay chain, by its own state. Nobody has to believe it: with another one a proof of finality is
 * of another parachain, and refused.
 * @throws RollupError PARACHAIN_INVALID, RPC_…
 */
export async function readParaId(parachain: SubstrateNode): Promise<number> {
  const value = await parachain.storage(PARA_ID_KEY, await parachain.finalizedHead());
  const reader = new ScaleReader(value ?? new Uint8Array(0));
  const paraId = reader.finish(reader.u32());
  if (paraId.kind === "ok") return paraId.value;
  throw nodeFault("parachain", "no number of a parachain (ParachainInfo.ParachainId)");
}
