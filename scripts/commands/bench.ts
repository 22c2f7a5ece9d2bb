import { booleanSetting, integerWithin } from "@phala-l2/protocol/config/settings";
import { BENCHES, type Bench, benchNames, means } from "@phala-l2/testkit/bench/benches";
import { DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

/** Hours of running; more tell nothing new. */
const MAX_PAIRS = 10_000;

export const benchCommand = defineCommand({
  name: "bench",
  summary: "measures this project beside its peers, in pairs of runs",
  words: {
    name: "benchmark",
    help: "names of benchmarks or of their lines; all when absent",
    fault: (words) => {
      const known = benchNames();
      const unknown = words.find((word) => !known.includes(word));
      return unknown === undefined ? undefined : `no benchmark '${unknown}'; there are ${known.join(", ")}`;
    },
  },
  settings: {
    peers: booleanSetting({
      help: "also the benchmarks whose peers are programs of their own, which are started for them",
      default: "false",
    }),
    pairs: integerWithin(1, MAX_PAIRS)({ help: "pairs of runs for each line", default: "7" }),
  },
  run: async ({ peers, pairs }, { words, log, print, stop }) => {
    let holds = true;
    for (const bench of BENCHES) {
      const isWanted = (line: string): boolean =>
        words.length === 0 || words.some((word) => means(word, bench, line));
      if (!bench.lines.some(isWanted)) continue;
      if (bench.isRunByNameOnly && words.length === 0) {
        log.info({ bench: bench.name }, "left out: few machines have what it needs; name it to run it");
        continue;
      }
      if (bench.hasProgramAsPeer && !peers) {
        log.info({ bench: bench.name }, "left out: its peer is a program; --peers starts it");
        continue;
      }
      for await (const line of bench.run(pairs, isWanted)) {
        print(line);
        holds &&= isEnough(bench, line.ratio);
        if (stop.aborted) return DOES_NOT_HOLD;
      }
    }
    return holds ? HOLDS : DOES_NOT_HOLD;
  },
});

function isEnough({ leastRatio }: Bench, ratio: number): boolean {
  return leastRatio === undefined || ratio >= leastRatio;
}
