import { readFileSync } from "node:fs";
import { genesisHeader } from "@phala-l2/execution/genesis";
import { readGenesisFile } from "@phala-l2/node/chain-files";
import { bytesEqual, toHex } from "@phala-l2/protocol/bytes";
import { fileSetting } from "@phala-l2/protocol/config/settings";
import { isRollupError } from "@phala-l2/protocol/errors";
import { genesisUnder, readChainFile } from "../superchain/chain-file.ts";
import { BAD_USAGE, DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

export const genesisCommand = defineCommand({
  name: "genesis",
  summary: "computes state root and hash of a chain's genesis block",
  settings: {
    genesis: fileSetting({ help: "geth's genesis.json, also compressed by gzip or zstd" }),
    config: fileSetting({
      help: "chain.toml of the superchain registry: fork times, and the hash to compare",
      optional: true,
    }),
    dictionary: fileSetting({
      help: "zstd dictionary that the genesis file was compressed with: the registry's superchain/extra/dictionary",
      optional: true,
    }),
  },
  run: async ({ genesis: genesisFile, config: chainFile, dictionary }, { print, log }) => {
    try {
      const words = dictionary === undefined ? undefined : readFileSync(dictionary);
      const given = await readGenesisFile(genesisFile, words);
      const { genesis, expected } =
        chainFile === undefined
          ? { genesis: given, expected: undefined }
          : genesisUnder(readChainFile(chainFile), given);
      const { header, hash } = genesisHeader(genesis);
      const found = { stateRoot: toHex(header.stateRoot), hash: toHex(hash) };
      if (expected === undefined) {
        print(found);
        return HOLDS;
      }
      const match = bytesEqual(expected, hash);
      print({ ...found, expected: toHex(expected), match });
      if (!match) log.error({ expected: toHex(expected), found: found.hash }, "the hash is not the chain's");
      return match ? HOLDS : DOES_NOT_HOLD;
    } catch (error) {
      if (!isRollupError(error, "GENESIS_INVALID")) throw error;
      process.stderr.write(`l2: ${error.code}: ${genesisFile}: ${error.message}\n`);
      return BAD_USAGE;
    }
  },
});
