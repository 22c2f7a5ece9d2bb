import { Common, Hardfork, Mainnet } from "@ethereumjs/common";
import {
  type CustomPrecompile,
  EVMError,
  type ExecResult,
  getActivePrecompiles,
  type PrecompileFunc,
} from "@ethereumjs/evm";
import { RollupError } from "@phala-l2/protocol/errors";
import { hasEvm, type Rules } from "../../block/rules.ts";
import { P256VERIFY_ADDRESS, P256VERIFY_GAS, precompileInputCaps } from "../precompiles.ts";
import { g1Addition, g2Addition } from "./bls-addition.ts";
import { modexp } from "./modexp.ts";
import { pointEvaluation } from "./point-evaluation.ts";

const MODEXP_ADDRESS = 0x05;
const BLS_G1_ADD_ADDRESS = 0x0b;
const BLS_G2_ADD_ADDRESS = 0x0d;
/** EIP-4844's point evaluation. */
const POINT_EVALUATION_ADDRESS = 0x0a;

function addressText(address: number): `0x${string}` {
  return `0x${address.toString(16).padStart(40, "0")}`;
}

/** A failed precompile takes all the gas of its call. Source: Yellow Paper, section 9.4.4 and appendix E. */
export function failedPrecompile(gasLimit: bigint, error: EVMError["error"]): ExecResult {
  return {
    returnValue: new Uint8Array(0),
    executionGasUsed: gasLimit,
    exceptionError: new EVMError(error),
  };
}

function originalOf(common: Common, address: number): PrecompileFunc {
  const original = getActivePrecompiles(common).get(addressText(address).slice(2));
  if (original !== undefined) return original;
  throw new RollupError("PRECOMPILE_ABSENT", `ethereumjs has no precompile ${addressText(address)}`);
}

/** The precompile, refusing inputs over the cap before any work. Source: specs/protocol/precompiles.md. */
function withInputCap(original: PrecompileFunc, maxLength: number): PrecompileFunc {
  return (input) =>
    input.data.length > maxLength
      ? failedPrecompile(input.gasLimit, EVMError.errorMessages.INVALID_INPUT_LENGTH)
      : original(input);
}

/** RIP-7212 at its own price: ethereumjs' contract asks EIP-7951's 6,900, so it is run with enough gas. */
function p256VerifyOfFjord(original: PrecompileFunc): PrecompileFunc {
  return async (input) => {
    if (input.gasLimit < P256VERIFY_GAS) {
      return failedPrecompile(input.gasLimit, EVMError.errorMessages.OUT_OF_GAS);
    }
    const result = await original({ ...input, gasLimit: 2n ** 63n });
    return { ...result, executionGasUsed: P256VERIFY_GAS };
  };
}

/** Where ethereumjs' precompiles are too slow, and where the L2's differ from those of L1's fork. */
export function customPrecompiles(rules: Rules, common: Common): CustomPrecompile[] {
  const custom: CustomPrecompile[] = precompileInputCaps(rules).map(({ address, maxLength }) => ({
    address: addressText(address),
    function: withInputCap(originalOf(common, address), maxLength),
  }));
  if (hasEvm(rules, "cancun")) {
    custom.push({ address: addressText(POINT_EVALUATION_ADDRESS), function: pointEvaluation });
  }
  if (hasEvm(rules, "prague")) {
    custom.push({ address: addressText(BLS_G1_ADD_ADDRESS), function: g1Addition });
    custom.push({ address: addressText(BLS_G2_ADD_ADDRESS), function: g2Addition });
  }
  // EIP-2565's price, until EIP-7823 bounds the operands.
  if (hasEvm(rules, "berlin") && !hasEvm(rules, "osaka")) {
    custom.push({ address: addressText(MODEXP_ADDRESS), function: modexp });
  }
  if (rules.rollup !== undefined && !hasEvm(rules, "osaka")) {
    const osaka = new Common({ chain: Mainnet, hardfork: Hardfork.Osaka });
    custom.push({
      address: addressText(P256VERIFY_ADDRESS),
      function: p256VerifyOfFjord(originalOf(osaka, P256VERIFY_ADDRESS)),
    });
  }
  return custom;
}
