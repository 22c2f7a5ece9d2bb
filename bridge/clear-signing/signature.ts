import type { AbiFunction, AbiParameter } from "viem";

function membersOf(parameter: AbiParameter): readonly AbiParameter[] | undefined {
  return "components" in parameter ? parameter.components : undefined;
}

function typeText(parameter: AbiParameter): string {
  const members = membersOf(parameter);
  return members === undefined
    ? parameter.type
    : parameter.type.replace("tuple", `tuple(${listText(members)})`);
}

function listText(parameters: readonly AbiParameter[]): string {
  return parameters.map((each) => `${typeText(each)} ${each.name ?? ""}`.trimEnd()).join(", ");
}

/** A function as descriptors name it: its parameters' types and names; `release(tuple(bytes32 hash) deposit, bytes[] signatures)`. */
export function formatKey({ name, inputs }: Pick<AbiFunction, "name" | "inputs">): string {
  return `${name}(${listText(inputs)})`;
}

/** The parameter that a descriptor's path leads to; `[]` stands for all members of a list. Undefined when there is none. */
export function parameterAt(inputs: readonly AbiParameter[], path: string): AbiParameter | undefined {
  const [first = "", ...rest] = path.replace(/^#\./, "").split(".");
  let found = inputs.find(({ name }) => name === first);
  for (const step of rest) {
    if (found === undefined) return undefined;
    if (/^\[.*\]$/.test(step)) {
      if (!/\[\d*\]$/.test(found.type)) return undefined;
      found = { ...found, type: found.type.replace(/\[\d*\]$/, "") };
    } else {
      found = found.type === "tuple" ? membersOf(found)?.find(({ name }) => name === step) : undefined;
    }
  }
  return found;
}

/** Members of a type as EIP-712 writes it: `Permit(address owner,uint256 value)`. */
export function membersOfType(encoded: string): readonly AbiParameter[] {
  const [, members = ""] = /^\w+\(([^)]*)\)/.exec(encoded) ?? [];
  return members
    .split(",")
    .filter((member) => member.length > 0)
    .map((member) => {
      const [type = "", name = ""] = member.trim().split(" ");
      return { type, name };
    });
}
