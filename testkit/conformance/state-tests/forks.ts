import type { EvmFork } from "@phala-l2/execution/block/rules";

/** The forks' names in ethereum/tests and execution-spec-tests. Those that change no rule of execution are others' aliases. */
const NAMES: ReadonlyMap<string, EvmFork> = new Map([
  ["Frontier", "frontier"],
  ["Homestead", "homestead"],
  ["DAOFork", "homestead"],
  ["EIP150", "tangerineWhistle"],
  ["TangerineWhistle", "tangerineWhistle"],
  ["EIP158", "spuriousDragon"],
  ["SpuriousDragon", "spuriousDragon"],
  ["Byzantium", "byzantium"],
  ["Constantinople", "constantinople"],
  ["ConstantinopleFix", "petersburg"],
  ["Petersburg", "petersburg"],
  ["Istanbul", "istanbul"],
  ["MuirGlacier", "istanbul"],
  ["Berlin", "berlin"],
  ["London", "london"],
  ["ArrowGlacier", "london"],
  ["GrayGlacier", "london"],
  ["Merge", "paris"],
  ["Paris", "paris"],
  ["Shanghai", "shanghai"],
  ["Cancun", "cancun"],
  ["Prague", "prague"],
  ["Osaka", "osaka"],
  // EIP-7892: blob parameters alone, which the test brings.
  ["BPO1", "osaka"],
  ["BPO2", "osaka"],
  ["BPO3", "osaka"],
  ["BPO4", "osaka"],
  ["BPO5", "osaka"],
]);

/** `ShanghaiToCancunAtTime15k`: the rules change on the way, which a single transaction does not see. */
const TRANSITION = /^[A-Za-z0-9]+To[A-Za-z0-9]+At/;

export type ForkName =
  | { readonly kind: "known"; readonly fork: EvmFork }
  | { readonly kind: "skipped"; readonly reason: string };

/** The rules that a test's fork name asks for. */
export function forkNamed(name: string): ForkName {
  const fork = NAMES.get(name);
  if (fork !== undefined) return { kind: "known", fork };
  const reason = TRANSITION.test(name)
    ? "a transition between forks belongs to blocks"
    : `no fork named ${name} is executed`;
  return { kind: "skipped", reason };
}
