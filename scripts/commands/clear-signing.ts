import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { boundDescriptors } from "@phala-l2/bridge/clear-signing/deployment";
import { readAddressBook } from "@phala-l2/contracts/deploy/address-book";
import { fileSetting, folderSetting } from "@phala-l2/protocol/config/settings";
import type { Address } from "viem";
import { BAD_USAGE, defineCommand, HOLDS } from "./command.ts";

/** Those that the deployment has; a section may leave some out. */
function known(...sections: readonly Readonly<Record<string, Address | undefined>>[]) {
  const named = sections.flatMap((section) => Object.entries(section));
  return Object.fromEntries(
    named.filter((entry): entry is [string, Address] => typeof entry[1] === "string"),
  );
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
    const { l1ChainId, l2ChainId } = book;
    const l1 = known(book.addresses);
    const descriptors = boundDescriptors({ l1ChainId, l2ChainId: Number(l2ChainId), l1, l2: known(book.l2) });
    mkdirSync(output, { recursive: true });
    for (const { file, document } of descriptors) {
      writeFileSync(join(output, file), `${JSON.stringify(document, null, 2)}\n`);
    }
    print({ folder: output, files: descriptors.map(({ file }) => file) });
    return HOLDS;
  },
});
