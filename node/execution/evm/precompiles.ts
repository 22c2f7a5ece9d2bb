import type { Address } from "@phala-l2/protocol/bytes";
import { type ExecutionFork, includes } from "../block/fork.ts";

/** RIP-7212 (Fjord): signature verification on P-256. */
export const P256VERIFY_ADDRESS = 0x100;
/** RIP-7212's price; EIP-7951 doubles it with Karst. Source: specs/protocol/precompiles.md. */
export const P256VERIFY_GAS = 3_450n;

/** The highest of the consecutive addresses from 0x01: Cancun's last, and Prague's last (EIP-2537). */
const LAST_OF_CANCUN = 0x0a;
const LAST_OF_PRAGUE = 0x11;

/** Whether an address is a precompiled contract under these rules. */
export function isPrecompile(address: Address, fork: ExecutionFork): boolean {
  for (let i = 0; i < 18; i++) if (address[i] !== 0) return false;
  const number = (address[18] ?? 0) * 256 + (address[19] ?? 0);
  const last = includes(fork, "isthmus") ? LAST_OF_PRAGUE : LAST_OF_CANCUN;
  return (number >= 1 && number <= last) || number === P256VERIFY_ADDRESS;
}

/** Longest input in bytes of a precompile whose work would otherwise be too long to prove. */
export type InputCap = { readonly address: number; readonly maxLength: number };

const BN256_PAIRING = 0x08;
const BLS_G1_MSM = 0x0c;
const BLS_G2_MSM = 0x0e;
const BLS_PAIRING = 0x0f;

/** Sources: specs/protocol/granite/exec-engine.md, isthmus/exec-engine.md, jovian/exec-engine.md. */
export function precompileInputCaps(fork: ExecutionFork): readonly InputCap[] {
  if (includes(fork, "jovian")) {
    return [
      { address: BN256_PAIRING, maxLength: 81_984 },
      { address: BLS_G1_MSM, maxLength: 288_960 },
      { address: BLS_G2_MSM, maxLength: 278_784 },
      { address: BLS_PAIRING, maxLength: 156_672 },
    ];
  }
  if (includes(fork, "isthmus")) {
    return [
      { address: BN256_PAIRING, maxLength: 112_687 },
      { address: BLS_G1_MSM, maxLength: 513_760 },
      { address: BLS_G2_MSM, maxLength: 488_448 },
      { address: BLS_PAIRING, maxLength: 235_008 },
    ];
  }
  return [{ address: BN256_PAIRING, maxLength: 112_687 }];
}
