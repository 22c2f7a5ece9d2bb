import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, it } from "node:test";
import hre from "hardhat";
import type { Abi, AbiFunction } from "viem";

/** Every contract that is deployed, by its name. */
const root = hre.config.paths.root;
const SPEC = join(root, "docs/spec/pha-governance.md");

/** `only…` that asks about time or state, not about who calls. */
const NO_PRIVILEGE = new Set(["onlyInitializing", "onlyInProgress", "onlyProposed", "onlyEOA"]);

/** What OpenZeppelin's contracts keep for somebody; their sources are not scanned. */
const INHERITED: readonly string[] = [
  ...["transferOwnership", "renounceOwnership", "upgradeAndCall"],
  ...["grantRole", "revokeRole", "schedule", "scheduleBatch", "updateDelay"],
  ...["setVotingDelay", "setVotingPeriod", "setProposalThreshold", "updateQuorumNumerator", "relay"],
  ...["setLateQuorumVoteExtension", "setProposalGuardian"],
];
/** Names that are a privilege in some contracts only. */
const INHERITED_IN: Readonly<Record<string, readonly string[]>> = {
  Timelock: ["cancel"],
  GovernanceTimelock: ["cancel"],
  PhaGovernor: ["cancel"],
};

type Source = { readonly bases: readonly string[]; readonly privileged: readonly string[] };

const CONTRACT = /^(?:abstract )?contract (\w+)(?: is ([^{]+))?\{/m;
const FUNCTION = /^ {4}function (\w+)\([^)]*\)([^{;]*)\{([\s\S]*?)^ {4}\}/gm;
const ASKS_WHO =
  /require\([^;]*msg\.sender [=!]=|msg\.sender [=!]= (?:owner\(\)|\w*[gG]uardian)|_requireMay\(/;

/** What a source keeps for somebody, by the modifiers and the questions in its functions. */
function readSource(text: string): readonly [string, Source] | undefined {
  const [, name, bases = ""] = CONTRACT.exec(text) ?? [];
  if (name === undefined) return undefined;
  const privileged = [...text.matchAll(FUNCTION)]
    .filter(([, , head = "", body = ""]) => {
      if (!/\b(?:external|public)\b/.test(head) || /\b(?:view|pure)\b/.test(head)) return false;
      const modifiers = head.match(/\bonly[A-Z]\w*/g) ?? [];
      return modifiers.some((modifier) => !NO_PRIVILEGE.has(modifier)) || ASKS_WHO.test(body);
    })
    .map(([, found = ""]) => found);
  return [name, { bases: bases.match(/\b[A-Z]\w+/g) ?? [], privileged }];
}

const sources = new Map(
  globSync(join(root, "contracts/src/**/*.sol"))
    .map((file) => readSource(readFileSync(file, "utf8")))
    .filter((source) => source !== undefined),
);

function privilegedIn(contract: string): ReadonlySet<string> {
  const source = sources.get(contract);
  const own = [...(source?.privileged ?? []), ...(INHERITED_IN[contract] ?? [])];
  return new Set([...own, ...(source?.bases ?? []).flatMap((base) => [...privilegedIn(base)])]);
}

type Deployed = { readonly name: string; readonly functions: readonly AbiFunction[] };

/** The contracts that have an ABI in contracts/abi, with their functions that change something. */
async function deployedContracts(): Promise<readonly Deployed[]> {
  const files = globSync(join(root, "contracts/abi/*.ts"));
  return Promise.all(
    files.map(async (file) => {
      const [, name = basename(file)] = /from (\w+)\.sol/.exec(readFileSync(file, "utf8")) ?? [];
      const module: Readonly<Record<string, Abi>> = await import(file);
      const [abi = []] = Object.values(module);
      const functions = abi
        .filter((item) => item.type === "function")
        .filter(({ stateMutability }) => stateMutability === "nonpayable" || stateMutability === "payable");
      return { name, functions };
    }),
  );
}

/** Rows of the page's tables: `Contract` | `function`, … | holder. */
function listed(): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const rows = new Map<string, Map<string, string>>();
  for (const line of readFileSync(SPEC, "utf8").split("\n")) {
    const [, contract, functions, holder] = /^\| `(\w+)` \| ((?:`\w+`(?:, )?)+) \| (.+?) \|/.exec(line) ?? [];
    if (contract === undefined || functions === undefined || holder === undefined) continue;
    const row = rows.get(contract) ?? new Map<string, string>();
    for (const [, name = ""] of functions.matchAll(/`(\w+)`/g)) row.set(name, holder);
    rows.set(contract, row);
  }
  return rows;
}

const contracts = await deployedContracts();

describe("each privileged function", () => {
  it("has a holder in docs/spec/pha-governance.md", () => {
    const rows = listed();
    const missing = contracts.flatMap(({ name, functions }) => {
      const privileged = privilegedIn(name);
      return functions
        .map((item) => item.name)
        .filter((item) => privileged.has(item) || INHERITED.includes(item))
        .filter((item) => rows.get(name)?.get(item) === undefined)
        .map((item) => `${name}.${item}`);
    });
    assert.deepEqual([...new Set(missing)].sort(), []);
  });

  it("that is listed there exists, and is kept for somebody", () => {
    for (const [contract, functions] of listed()) {
      const deployed = contracts.find(({ name }) => name === contract);
      assert.ok(deployed, contract);
      for (const name of functions.keys()) {
        const kept = privilegedIn(contract).has(name) || INHERITED.includes(name);
        assert.ok(kept && deployed.functions.some((item) => item.name === name), `${contract}.${name}`);
      }
    }
  });
});

describe("no key mints", () => {
  it("what makes tokens is asked by the bridge, takes as much as it gives, or is worthless", () => {
    const makers = contracts.flatMap(({ name, functions }) =>
      functions
        .filter((item) => /^_?(mint|issue|faucet|inflate)/i.test(item.name))
        .map((item) => `${name}.${item.name}`),
    );
    assert.deepEqual(makers.sort(), [
      // Of the bridge alone: `onlyBridge`.
      "OptimismMintableERC20.mint",
      // Of anyone, and worthless: no deployment that may hold value has it.
      "PhaTestToken.faucet",
      // ERC-4626: it takes the PHA.
      "VotingPha.mint",
    ]);
  });
});
