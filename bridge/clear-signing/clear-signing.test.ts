import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { describe, it } from "node:test";
import { isRecord } from "@phala-l2/protocol/json-record";
import { type AbiFunction, type AbiParameter, type Address, pad, toHex } from "viem";
import { boundDescriptors, type Deployment, readDescriptor } from "./deployment.ts";
import { DESCRIBED, DESCRIBED_MESSAGES } from "./described.ts";
import { descriptorFaults } from "./schema.ts";
import { formatKey, membersOfType, parameterAt } from "./signature.ts";

type Json = Readonly<Record<string, unknown>>;

function at(document: unknown, ...names: readonly string[]): Json {
  const [name, ...rest] = names;
  if (name === undefined) {
    assert.ok(isRecord(document));
    return document;
  }
  return at(isRecord(document) ? document[name] : undefined, ...rest);
}

/** All values of that name, however deep. */
function every(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => every(each, name));
  if (!isRecord(value)) return [];
  const own = Object.hasOwn(value, name) ? [String(value[name])] : [];
  return [...own, ...Object.values(value).flatMap((each) => every(each, name))];
}

/** Paths of a format's fields, of their parameters, and those in its one sentence. */
function pathsOf(format: Json): readonly string[] {
  const sentence = typeof format.interpolatedIntent === "string" ? format.interpolatedIntent : "";
  const named = [...sentence.matchAll(/\{([^}]+)\}/g)].map(([, path = ""]) => path);
  const fields = every(format, "path");
  for (const path of named) assert.ok(fields.includes(path), `${path} of the sentence is a field`);
  return [...fields, ...["tokenPath", "calleePath", "amountPath"].flatMap((name) => every(format, name))];
}

const isWrite = (item: { readonly type: string; readonly stateMutability?: string }) =>
  item.type === "function" && item.stateMutability !== "view" && item.stateMutability !== "pure";

/** Integers are amounts, dates or choices, addresses have names: what a format says must fit the type. */
const FITS: Readonly<Record<string, RegExp>> = {
  addressName: /^address$/,
  tokenAmount: /^uint\d*$/,
  amount: /^uint\d*$/,
  date: /^uint\d*$/,
  enum: /^uint\d*$/,
  unit: /^uint\d*$/,
  duration: /^uint\d*$/,
  calldata: /^bytes$/,
  raw: /./,
};

function requireFits(format: Json, inputs: readonly AbiParameter[], what: string): void {
  for (const path of pathsOf(format)) {
    if (/^@\.(to|from|value)$/.test(path)) continue;
    assert.ok(parameterAt(inputs, path), `${what}: ${path} is one of its parameters`);
  }
  const fields = format.fields;
  assert.ok(Array.isArray(fields));
  for (const { path, format: name } of fields) {
    const type = path === "@.value" ? "uint256" : parameterAt(inputs, path)?.type;
    assert.match(String(type), FITS[name] ?? /^$/, `${what}: ${path} as ${name}`);
  }
  // Nothing that is signed stays unsaid: each parameter has a field, if only one that is never shown.
  const shown = pathsOf(format).map((path) => path.split(".")[0]);
  for (const { name = "" } of inputs) assert.ok(shown.includes(name), `${what} says nothing of ${name}`);
}

describe("descriptors of ERC-7730", () => {
  const files = globSync("*.json", { cwd: import.meta.dirname }).sort();

  it("are those that are bound to contracts, each once", () => {
    const bound = [...DESCRIBED, ...DESCRIBED_MESSAGES].map(({ file }) => file).sort();
    assert.deepEqual(bound, files);
  });

  it("have the schema's form", () => {
    for (const file of files) assert.deepEqual(descriptorFaults(readDescriptor(file)), [], file);
  });

  it("say in few plain words what is signed", () => {
    for (const file of files) {
      for (const intent of every(readDescriptor(file), "intent")) {
        assert.match(intent, /^[A-Z][A-Za-z0-9 ,:()'-]{3,44}$/, `${file}: ${intent}`);
      }
      for (const label of every(readDescriptor(file), "label")) assert.ok(label.length <= 28, label);
    }
  });

  for (const { file, abi, others } of DESCRIBED) {
    const formats = at(readDescriptor(file), "display", "formats");
    const writes = abi.filter(isWrite).filter((item): item is AbiFunction => item.type === "function");

    it(`describe all that holders call: ${file}`, () => {
      const wanted = writes.filter(({ name }) => !Object.hasOwn(others, name)).map(formatKey);
      assert.deepEqual(Object.keys(formats).sort(), wanted.sort());
      const names = writes.map(({ name }) => name);
      for (const name of Object.keys(others)) assert.ok(names.includes(name), `${file}: ${name} exists`);
    });

    it(`name parameters that exist, as what they are: ${file}`, () => {
      for (const each of writes) {
        const format = formats[formatKey(each)];
        if (isRecord(format)) requireFits(format, each.inputs, `${file} ${each.name}`);
      }
    });
  }

  for (const { file, takenBy, place } of DESCRIBED_MESSAGES) {
    it(`describe messages that are signed: ${file}`, () => {
      for (const [type, format] of Object.entries(at(readDescriptor(file), "display", "formats"))) {
        requireFits(at(format), membersOfType(type), `${file} ${type}`);
      }
      const abi = DESCRIBED.find(
        (each) => each.place.name === place.name && each.place.layer === place.layer,
      )?.abi;
      const taking = (abi ?? [])
        .filter(isWrite)
        .flatMap((item) =>
          item.type === "function" && /permit$|BySig$/i.test(item.name) ? [item.name] : [],
        );
      assert.deepEqual(taking.sort(), [...takenBy].sort());
    });
  }
});

/** A deployment with everything, at addresses of no meaning. */
function deploymentOf(names: readonly string[]): Deployment {
  const addresses = Object.fromEntries(
    names.map((name, i): [string, Address[]] => [name, [pad(toHex(i + 1), { size: 20 })]]),
  );
  return {
    l1ChainId: 900,
    l2ChainId: 2035,
    l1: addresses,
    l2: addresses,
    domainNames: { Pha: "Some token" },
  };
}

describe("descriptors of a deployment", () => {
  const names = [...DESCRIBED, ...DESCRIBED_MESSAGES].map(({ place }) => place.name);

  it("name chain, address and token, and are whole", () => {
    const bound = boundDescriptors(deploymentOf(names));
    assert.equal(bound.length, DESCRIBED.length + DESCRIBED_MESSAGES.length);
    for (const { file, document } of bound) {
      assert.deepEqual(descriptorFaults(document), [], file);
      assert.equal(every(document, "chainId").length, 1, file);
      assert.ok(!every(document, "Pha").includes("null"), file);
    }
    const portal = bound.find(({ file }) => file === "calldata-OptimismPortal.json");
    assert.deepEqual(every(portal?.document, "chainId"), ["900"]);
  });

  it("have the domain of the deployed token, whatever it is called there, and the others their own", () => {
    const domainIn = (name: string, file: string) => {
      const bound = boundDescriptors({ ...deploymentOf(names), domainNames: { Pha: name } });
      const found = bound.find((each) => each.file === file);
      return at(found?.document, "context", "eip712", "domain");
    };
    for (const remote of ["Phala", "TEST Phala (worthless)"]) {
      assert.deepEqual(domainIn(remote, "eip712-PhaOnL2.json"), { name: remote, version: "1" });
      assert.deepEqual(domainIn(remote, "eip712-VotingPha.json"), { name: "Voting PHA", version: "1" });
      assert.deepEqual(domainIn(remote, "eip712-PhaGovernor.json"), { name: "PhaGovernor", version: "1" });
    }
    for (const domainNames of [{}, { VotingPha: "x" }]) {
      assert.throws(() => boundDescriptors({ ...deploymentOf(names), domainNames }), {
        code: "DESCRIPTOR_INVALID",
      });
    }
  });

  it("name all contracts of one kind, as each parachain has its own", () => {
    const { l1, ...rest } = deploymentOf(names);
    const two = [pad("0x01", { size: 20 }), pad("0x02", { size: 20 })];
    const bound = boundDescriptors({ ...rest, l1: { ...l1, SunsetRegistry: two } });
    const registry = bound.find(({ file }) => file === "calldata-SunsetRegistry.json");
    assert.deepEqual(every(registry?.document, "address"), two);
  });

  it("are those of the contracts that it has", () => {
    const few = boundDescriptors(deploymentOf(["L1StandardBridgeProxy"])).map(({ file }) => file);
    assert.ok(few.includes("calldata-L1StandardBridge.json"));
    assert.ok(few.includes("calldata-L2StandardBridge.json"), "predeploys are always there");
    assert.ok(!few.includes("calldata-VotingPha.json"));
    assert.throws(() => boundDescriptors(deploymentOf(["VotingPha"])), { code: "DESCRIPTOR_INVALID" });
  });
});

describe("what is no descriptor", () => {
  const good = readDescriptor("calldata-VotingPha.json");
  const [key = ""] = Object.keys(at(good, "display", "formats"));
  const withField = (field: object) => ({
    ...good,
    display: { formats: { [key]: { intent: "Send", fields: [field] } } },
  });
  const cases: Readonly<Record<string, unknown>> = {
    nothing: undefined,
    "a list": [],
    "another schema": { ...good, $schema: "https://example.org/schema.json" },
    "a name that the schema does not know": { ...good, abi: [] },
    "no context": { ...good, context: {} },
    "an address that is none": {
      ...good,
      context: { contract: { deployments: [{ chainId: 1, address: "0x1" }] } },
    },
    "an amount of no token": withField({ path: "value", label: "Amount", format: "tokenAmount" }),
    "a format that does not exist": withField({ path: "value", label: "Amount", format: "money" }),
    "a field without label": withField({ path: "value", format: "raw" }),
    "a path and a value": withField({ path: "value", value: 1, label: "Amount", format: "raw" }),
    "a date of no encoding": withField({ path: "value", label: "Until", format: "date", params: {} }),
    "parameters of another format": withField({
      path: "to",
      label: "To",
      format: "addressName",
      params: { base: "s" },
    }),
    "an http address": { ...good, metadata: { ...at(good, "metadata"), info: { url: "http://phala.com/" } } },
  };
  for (const [name, document] of Object.entries(cases)) {
    it(`is ${name}`, () => assert.notDeepEqual(descriptorFaults(document), []));
  }

  it("is a path that leads nowhere", () => {
    const inputs: readonly AbiParameter[] = [
      { name: "to", type: "address" },
      { name: "list", type: "bytes[]" },
      { name: "deposit", type: "tuple", components: [{ name: "planck", type: "uint256" }] },
    ];
    assert.equal(parameterAt(inputs, "deposit.planck")?.type, "uint256");
    assert.equal(parameterAt(inputs, "#.list.[]")?.type, "bytes");
    for (const path of ["", "from", "to.x", "to.[]", "deposit.wei", "deposit.[]", "list.planck"]) {
      assert.equal(parameterAt(inputs, path), undefined, path);
    }
  });
});
