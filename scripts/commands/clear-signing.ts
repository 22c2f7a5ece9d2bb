import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boundDescriptors, type Named } from "@phala-l2/bridge/clear-signing/deployment";
import { readAddressBook } from "@phala-l2/contracts/deploy/address-book";
import { bridgedPha } from "@phala-l2/contracts/deploy/l2-addresses";
import { fileSetting, folderSetting } from "@phala-l2/protocol/config/settings";
import type { Address } from "viem";
import { BAD_USAGE, defineCommand, HOLDS } from "./command.ts";

type Section = Readonly<Record<string, Address | undefined>>;

/** All addresses of each name; a section may leave some out. */
function known(...sections: readonly (Section | undefined)[]): Named {
  const named = new Map<string, Address[]>();
  for (const section of sections) {
    for (const [name, address] of Object.entries(section ?? {})) {
      if (address !== undefined) named.set(name, [...(named.get(name) ?? []), address]);
    }
  }
  return Object.fromEntries(named);
}

export const clearSigningCommand = defineCommand({
  name: "clear-signing",
  summary: "writes a deployment's ERC-7730 descriptors: what wallets show of each call before it is signed",
  settings: {
    addresses: fileSetting({ help: "the deployment's address book" }),
    output: folderSetting({ help: "folder that the files are written to" }),
  },
  run: async ({ addresses, output }, { print, log }) => {
    const book = readAddressBook(addresses);
    if (book === undefined) {
      log.error({ addresses }, "there is no such file");
      return BAD_USAGE;
    }
    const { l1ChainId, sources, addresses: l1 } = book;
    // By the rule that the deployment names its token by.
    const { name } = bridgedPha({ pha: l1.PhaTestToken === undefined ? l1.Pha : undefined }, l1.Pha);
    const sunsets = sources.map(({ sunset }) => sunset);
    const swaps = sources.map(({ ParachainSwap }) => ({ ParachainSwap }));
    const descriptors = boundDescriptors({
      l1ChainId,
      l2ChainId: Number(book.l2ChainId),
      domainNames: { Pha: name },
      l1: known(book.addresses, ...sunsets, ...swaps),
      l2: known(book.l2, ...sunsets),
    });
    mkdirSync(output, { recursive: true });
    for (const { file, document } of descriptors) {
      writeFileSync(join(output, file), `${JSON.stringify(document, null, 2)}\n`);
    }
    print({ folder: output, files: descriptors.map(({ file }) => file) });
    return HOLDS;
  },
});
