import { toHex } from "@phala-l2/protocol/bytes";
import { keccak256 } from "@phala-l2/protocol/keccak";
import { advisoryListDigest } from "@phala-l2/tee-prover/verify/intel/advisories";
import type {
  EnclaveTcbLevel,
  QeIdentity,
  TcbInfo,
  TdxModule,
} from "@phala-l2/tee-prover/verify/intel/tcb-info";
import { TCB_STATUSES, type TcbStatus } from "@phala-l2/tee-prover/verify/intel/tcb-status";

function advisoriesOf(advisoryIds: readonly string[]): string {
  return toHex(advisoryListDigest(advisoryIds));
}

function statusOf(status: TcbStatus): number {
  return TCB_STATUSES.indexOf(status);
}

function moduleOf({ mrSigner, attributes, attributesMask }: TdxModule) {
  return {
    signer: toHex(keccak256(mrSigner)),
    attributes: toHex(attributes),
    attributesMask: toHex(attributesMask),
  };
}

function levelsOf(levels: readonly EnclaveTcbLevel[]) {
  return levels.map(({ isvSvn, status, advisoryIds }) => ({
    isvSvn,
    status: statusOf(status),
    advisories: advisoriesOf(advisoryIds),
  }));
}

/** TCB information as the verifier off-chain reads it, in the contract's form. */
export function tcbInfoOnL1({ tdxModule, tdxModuleIdentities, levels }: TcbInfo) {
  if (tdxModule === undefined) throw new TypeError("not of TDX");
  return {
    module: moduleOf(tdxModule),
    identities: tdxModuleIdentities.map((identity) => ({
      version: Number.parseInt(identity.id.slice("TDX_".length), 16),
      module: moduleOf(identity),
      levels: levelsOf(identity.levels),
    })),
    levels: levels.map((level) => ({
      components: toHex(Uint8Array.from(level.components)),
      tdxComponents: toHex(Uint8Array.from(level.tdxComponents)),
      pceSvn: level.pceSvn,
      status: statusOf(level.status),
      advisories: advisoriesOf(level.advisoryIds),
    })),
  };
}

/** A quoting enclave's identity as the verifier off-chain reads it, in the contract's form. */
export function qeIdentityOnL1(identity: QeIdentity) {
  const { miscSelect, miscSelectMask, attributes, attributesMask, mrSigner, isvProdId, levels } = identity;
  return {
    miscSelect: toHex(miscSelect),
    miscSelectMask: toHex(miscSelectMask),
    attributes: toHex(attributes),
    attributesMask: toHex(attributesMask),
    mrSigner: toHex(mrSigner),
    isvProdId,
    levels: levelsOf(levels),
  };
}
