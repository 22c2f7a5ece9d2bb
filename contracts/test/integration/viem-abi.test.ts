import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { type Abi, toEventSelector, toFunctionSelector } from "viem";
import { anchorStateRegistryAbi } from "../../abi/anchor-state-registry.ts";
import { disputeGameFactoryAbi } from "../../abi/dispute-game-factory.ts";
import { multiProofGameAbi } from "../../abi/multi-proof-game.ts";
import { multicall3Abi } from "../../abi/multicall3.ts";
import { optimismPortalAbi } from "../../abi/optimism-portal.ts";

/** viem does not export the ABIs that its actions use: they are read from its files. */
const viemDirectory = dirname(createRequire(import.meta.url).resolve("viem/package.json"));
const viemAbis: Readonly<Record<string, Abi>> = await import(
  pathToFileURL(join(viemDirectory, "_esm/op-stack/abis.js")).href
);

function viemAbi(name: string): Abi {
  const abi = viemAbis[name];
  assert.ok(abi !== undefined && abi.length > 0, `viem has no ${name} any more`);
  return abi;
}

/** Functions of viem's portal ABI that its actions never call: governance here is the anchor registry's and ours. */
const PORTAL_NOT_CALLED = ["blacklistDisputeGame", "setRespectedGameType", "initialize"];
const FACTORY_NOT_CALLED = ["setInitBond", "initialize"];

/** Selector and encoding of the results: equal ones mean that viem's call and its decoding fit. */
function functions(abi: Abi): Map<string, string> {
  const entries = new Map<string, string>();
  for (const item of abi) {
    if (item.type !== "function") continue;
    entries.set(`${item.name} ${toFunctionSelector(item)}`, JSON.stringify(item.outputs.map(shape)));
  }
  return entries;
}

function shape(parameter: { readonly type: string; readonly components?: readonly unknown[] }): unknown {
  const components = parameter.components;
  if (components === undefined) return parameter.type;
  return [parameter.type, components.map((component) => shapeOf(component))];
}

function shapeOf(component: unknown): unknown {
  assert.ok(typeof component === "object" && component !== null && "type" in component);
  return component.type;
}

function requireFunctions(ours: Abi, viems: Abi, notCalled: readonly string[]): void {
  const have = functions(ours);
  for (const [name, outputs] of functions(viems)) {
    if (notCalled.includes(name.split(" ")[0] ?? "")) continue;
    assert.equal(have.get(name), outputs, name);
  }
}

describe("ABI that viem/op-stack calls", () => {
  it("portal", () => requireFunctions(optimismPortalAbi, viemAbi("portal2Abi"), PORTAL_NOT_CALLED));
  it("dispute game factory", () =>
    requireFunctions(disputeGameFactoryAbi, viemAbi("disputeGameFactoryAbi"), FACTORY_NOT_CALLED));
  it("dispute game", () => requireFunctions(multiProofGameAbi, viemAbi("disputeGameAbi"), []));
  it("anchor state registry", () =>
    requireFunctions(anchorStateRegistryAbi, viemAbi("anchorStateRegistryAbi"), []));

  it("the portal's events have the topics and indexed fields that viem decodes", () => {
    const ours = new Map(
      optimismPortalAbi
        .filter((item) => item.type === "event")
        .map((item) => [toEventSelector(item), item.inputs.map(({ indexed }) => indexed)]),
    );
    const wanted = [
      "TransactionDeposited",
      "WithdrawalProven",
      "WithdrawalProvenExtension1",
      "WithdrawalFinalized",
    ];
    for (const item of viemAbi("portal2Abi")) {
      if (item.type !== "event" || !wanted.includes(item.name)) continue;
      assert.deepEqual(
        ours.get(toEventSelector(item)),
        item.inputs.map(({ indexed }) => indexed),
        item.name,
      );
    }
  });

  it("the reverts by which viem tells a withdrawal's status exist by name, without arguments", () => {
    const names = [
      "OptimismPortal_Unproven",
      "OptimismPortal_InvalidProofTimestamp",
      "OptimismPortal_InvalidRootClaim",
      "OptimismPortal_ProofNotOldEnough",
      "OptimismPortal_AlreadyFinalized",
    ];
    for (const name of names) {
      const found = optimismPortalAbi.find((item) => item.type === "error" && item.name === name);
      assert.deepEqual(found, { inputs: [], name, type: "error" });
    }
  });

  it("multicall3 has aggregate3", () => {
    const [aggregate3] = multicall3Abi.filter(
      (item) => item.type === "function" && item.name === "aggregate3",
    );
    assert.ok(aggregate3?.type === "function");
    assert.equal(toFunctionSelector(aggregate3), "0x82ad56cb");
  });
});
