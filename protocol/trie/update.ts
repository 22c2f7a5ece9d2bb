import { bytesEqual, concatBytes } from "../bytes.ts";
import { commonLength, type Nibbles } from "./nibbles.ts";
import {
  type Branch,
  type Child,
  type Extension,
  type Leaf,
  type Node,
  newBranch,
  newExtension,
  newLeaf,
} from "./node.ts";

/** Makes a child a node in memory; throws when it cannot be read. */
export type Resolve = (child: Child, parent: Node | undefined) => Node;

// Both functions change nodes in place, but only after everything that can throw below has happened. A node
// comes back without a reference exactly when it, or something below it, has changed since the last commit.

/** Sets the value at `path` (from `at` on) under `child`; gives the node that takes the child's place. */
export function insert(
  child: Child | undefined,
  parent: Node | undefined,
  path: Nibbles,
  at: number,
  value: Uint8Array,
  resolve: Resolve,
): Node {
  if (child === undefined) return newLeaf(path.slice(at), value);
  const node = resolve(child, parent);
  if (node.kind === "leaf") return insertAtLeaf(node, path, at, value);
  if (node.kind === "branch") return insertInBranch(node, path, at, value, resolve);
  if (commonLength(node.path, path, at) < node.path.length) return splitExtension(node, path, at, value);
  return replaceExtensionChild(node, insert(node.child, node, path, at + node.path.length, value, resolve));
}

function insertAtLeaf(leaf: Leaf, path: Nibbles, at: number, value: Uint8Array): Node {
  const common = commonLength(leaf.path, path, at);
  if (common === leaf.path.length && at + common === path.length) {
    if (!bytesEqual(leaf.value, value)) {
      leaf.value = value;
      leaf.reference = undefined;
    }
    return leaf;
  }
  const branch = newBranch();
  addValue(branch, leaf.path, common, leaf.value);
  addValue(branch, path, at + common, value);
  return common === 0 ? branch : newExtension(path.slice(at, at + common), branch);
}

/** Puts a value into a new branch: on its own place when the path ends there, else as a leaf below. */
function addValue(branch: Branch, path: Nibbles, at: number, value: Uint8Array): void {
  const index = path[at];
  if (index === undefined) branch.value = value;
  else branch.children[index] = newLeaf(path.slice(at + 1), value);
}

function splitExtension(extension: Extension, path: Nibbles, at: number, value: Uint8Array): Node {
  const common = commonLength(extension.path, path, at);
  const branch = newBranch();
  const rest = extension.path.slice(common + 1);
  branch.children[extension.path[common] ?? 0] =
    rest.length === 0 ? extension.child : newExtension(rest, extension.child);
  addValue(branch, path, at + common, value);
  return common === 0 ? branch : newExtension(extension.path.slice(0, common), branch);
}

function insertInBranch(
  branch: Branch,
  path: Nibbles,
  at: number,
  value: Uint8Array,
  resolve: Resolve,
): Node {
  const index = path[at];
  if (index !== undefined) {
    const child = insert(branch.children[index], branch, path, at + 1, value, resolve);
    return replaceBranchChild(branch, index, child);
  }
  if (branch.value === undefined || !bytesEqual(branch.value, value)) {
    branch.value = value;
    branch.reference = undefined;
  }
  return branch;
}

function replaceBranchChild(branch: Branch, index: number, child: Node): Branch {
  branch.children[index] = child;
  if (child.reference === undefined) branch.reference = undefined;
  return branch;
}

function replaceExtensionChild(extension: Extension, child: Node): Extension {
  extension.child = child;
  if (child.reference === undefined) extension.reference = undefined;
  return extension;
}

/** Removes `path` (from `at` on) under `child`; gives the node that takes its place, undefined for none. */
export function remove(
  child: Child,
  parent: Node | undefined,
  path: Nibbles,
  at: number,
  resolve: Resolve,
): Node | undefined {
  const node = resolve(child, parent);
  if (node.kind === "branch") return removeFromBranch(node, path, at, resolve);
  if (commonLength(node.path, path, at) < node.path.length) return node;
  const end = at + node.path.length;
  if (node.kind === "leaf") return end === path.length ? undefined : node;
  const left = remove(node.child, node, path, end, resolve);
  if (left === undefined || left.kind === "branch") return left && replaceExtensionChild(node, left);
  return prepend(node.path, left);
}

function removeFromBranch(branch: Branch, path: Nibbles, at: number, resolve: Resolve): Node | undefined {
  const index = path[at];
  if (index === undefined) {
    if (branch.value === undefined) return branch;
    return collapse(branch, undefined, resolve);
  }
  const child = branch.children[index];
  if (child === undefined) return branch;
  const left = remove(child, branch, path, at + 1, resolve);
  return left === undefined ? collapse(branch, index, resolve) : replaceBranchChild(branch, index, left);
}

/**
 * Takes one entry (a child, or the value for undefined) out of a branch. A branch needs two: with one left, the
 * remaining entry takes its place, joined with its nibble.
 */
function collapse(branch: Branch, taken: number | undefined, resolve: Resolve): Node | undefined {
  const value = taken === undefined ? undefined : branch.value;
  const left: number[] = [];
  for (const [index, child] of branch.children.entries()) {
    if (child !== undefined && index !== taken) left.push(index);
  }
  const [index] = left;
  if (index === undefined) return value && newLeaf(new Uint8Array(0), value);
  const only = branch.children[index];
  if (left.length === 1 && value === undefined && only !== undefined) {
    return prepend(Uint8Array.of(index), resolve(only, branch));
  }
  if (taken === undefined) branch.value = undefined;
  else branch.children[taken] = undefined;
  branch.reference = undefined;
  return branch;
}

/** A node with nibbles before its path. */
function prepend(nibbles: Nibbles, node: Node): Node {
  if (node.kind === "branch") return newExtension(nibbles, node);
  const path = concatBytes(nibbles, node.path);
  return node.kind === "leaf" ? newLeaf(path, node.value) : newExtension(path, node.child);
}
