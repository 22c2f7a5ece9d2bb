import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { createProgress } from "@phala-l2/bridge/snapshot/progress";
import { readStateDump } from "@phala-l2/bridge/snapshot/state-dump";
import { choiceOf, fileSetting } from "@phala-l2/protocol/config/settings";
import { packEntries } from "@phala-l2/tee-prover/host/statements/state-file";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

export const packStateCommand = defineCommand({
  name: "pack-state",
  summary: "writes a dump of a frozen parachain's state as provers read it",
  settings: {
    state: fileSetting({ help: "the dump, in any form that l2 claims takes" }),
    stateVersion: choiceOf(
      "0",
      "1",
    )({ help: "layout of child tries, where the dump has some", default: "1" }),
    output: fileSetting({ help: "the file to write" }),
  },
  run: async ({ state, stateVersion, output }, { print, log, stop }) => {
    if (!existsSync(state)) {
      log.error({ state }, "there is no such file");
      return BAD_USAGE;
    }
    const progress = createProgress(process.stderr, () => performance.now());
    const layout = stateVersion === "0" ? 0 : 1;
    const reading = await readStateDump(state, layout, (part) => progress.show("reading the dump", part));
    if (reading.kind === "invalid") {
      progress.end();
      print({ ok: false, code: "dump-invalid", reason: reading.reason });
      return DOES_NOT_HOLD;
    }
    const { dump } = reading;
    const file = createWriteStream(output);
    try {
      let bytes = 0;
      for await (const piece of packEntries(dump.entries())) {
        stop.throwIfAborted();
        bytes += piece.length;
        if (!file.write(piece)) await once(file, "drain");
      }
      file.end();
      await once(file, "close");
      progress.show("writing", 1);
      print({ ok: true, entries: dump.count, bytes, output });
      return HOLDS;
    } finally {
      progress.end();
      dump.dispose();
      file.destroy();
    }
  },
});
