import type { Address } from "@phala-l2/protocol/bytes";
import { type EvmFork, hasEvm, hasRollup, type Rules } from "../block/rules.ts";

/** RIP-7212 (Fjord): signature verification on P-256. */
export const P256VERIFY_ADDRESS = 0x100;
/** RIP-7212's price; EIP-7951 doubles it with Karst. Source: specs/protocol/precompiles.md. */
export const P256VERIFY_GAS = 3_450n;

/** The highest of the consecutive addresses from 0x01, by the fork that brought it. */
const LAST_SINCE: readonly (readonly [since: EvmFork, last: number])[] = [
  // EIP-2537, EIP-4844, EIP-152, EIP-196 to EIP-198.
  ["prague", 0x11],
  ["cancun", 0x0a],
  ["istanbul", 0x09],
  ["byzantium", 0x08],
  ["frontier", 0x04],
];

/** Whether an address is a precompiled contract under these rules. */
export function isPrecompile(address: Address, rules: Rules): boolean {
  for (let i = 0; i < 18; i++) if (address[i] !== 0) return false;
  const number = (address[18] ?? 0) * 256 + (address[19] ?? 0);
  if (number === P256VERIFY_ADDRESS) return hasP256Verify(rules);
  const last = LAST_SINCE.find(([since]) => hasEvm(rules, since))?.[1] ?? 0;
  return number >= 1 && number <= last;
}

/** Fjord's RIP-7212 on a rollup, EIP-7951 on Ethereum. */
function hasP256Verify(rules: Rules): boolean {
  return rules.rollup !== undefined || hasEvm(rules, "osaka");
}

/** Longest input in bytes of a precompile whose work would otherwise be too long to prove. */
export type InputCap = { readonly address: number; readonly maxLength: number };

const BN256_PAIRING = 0x08;
const BLS_G1_MSM = 0x0c;
const BLS_G2_MSM = 0x0e;
const BLS_PAIRING = 0x0f;

/** Sources: specs/protocol/granite/exec-engine.md, isthmus/exec-engine.md, jovian/exec-engine.md. */
export function precompileInputCaps(rules: Rules): readonly InputCap[] {
  if (hasRollup(rules, "jovian")) {
    return [
      { address: BN256_PAIRING, maxLength: 81_984 },
      { address: BLS_G1_MSM, maxLength: 288_960 },
      { address: BLS_G2_MSM, maxLength: 278_784 },
      { address: BLS_PAIRING, maxLength: 156_672 },
    ];
  }
  if (hasRollup(rules, "isthmus")) {
    return [
      { address: BN256_PAIRING, maxLength: 112_687 },
      { address: BLS_G1_MSM, maxLength: 513_760 },
      { address: BLS_G2_MSM, maxLength: 488_448 },
      { address: BLS_PAIRING, maxLength: 235_008 },
    ];
  }
  if (!hasRollup(rules, "holocene")) return [];
  return [{ address: BN256_PAIRING, maxLength: 112_687 }];
}
