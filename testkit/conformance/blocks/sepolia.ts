import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { type BlockFixture, readBlockFixture } from "./fixture.ts";

const FOLDER = join(import.meta.dirname, "../../../../shared/vectors/op/execution");

/** For a test's `skip`: why blocks of OP Sepolia can not be read. */
export const SKIP = existsSync(FOLDER) ? false : `real blocks are not beside this repository: ${FOLDER}`;

/** More than these are left to `l2 execute`. */
const MOST_FILES = 4;

/** Fixtures that are there, in the order of their names. */
export const FILES: readonly string[] = SKIP === false ? readdirSync(FOLDER).sort().slice(0, MOST_FILES) : [];

export function pathOf(file: string): string {
  return join(FOLDER, file);
}

export function readSepoliaBlock(file: string): BlockFixture {
  return readBlockFixture(readFileSync(pathOf(file)), file);
}

/** The fixture's JSON, for what is to be broken in it. */
export function sepoliaJson(file: string): Readonly<Record<string, unknown>> {
  return JSON.parse(gunzipSync(readFileSync(pathOf(file))).toString());
}
