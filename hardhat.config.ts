import { createRequire } from "node:module";
import toolboxViem from "@nomicfoundation/hardhat-toolbox-viem";
import { defineConfig } from "hardhat/config";

// The solc package ships the compiler as WebAssembly. Naming it as `path` makes Hardhat use that file and
// fetch nothing.
const solcPath = createRequire(import.meta.url).resolve("solc/soljson.js");

const compiler = (runs: number) => ({
  version: "0.8.37",
  path: solcPath,
  settings: {
    optimizer: { enabled: true, runs },
    evmVersion: "prague",
    metadata: { bytecodeHash: "none" },
    outputSelection: { "*": { "*": ["storageLayout"] } },
  },
});

/** Sequences of calls, and calls in each, that invariants are tried on; `npm run fuzz` asks for many more. */
const { INVARIANT_RUNS = "64", INVARIANT_DEPTH = "32", INVARIANT_SEED = "0x1234" } = process.env;

export default defineConfig({
  plugins: [toolboxViem],
  solidity: {
    compilers: [compiler(200)],
    // Its loops over a curve are run hundreds of times a call: larger code saves a twentieth of each P-384 signature's gas.
    overrides: { "contracts/src/tee/crypto/SignatureVerifier.sol": compiler(100_000) },
  },
  paths: {
    sources: "./contracts/src",
    tests: { solidity: "./contracts/test/unit", nodejs: "./contracts/test/integration" },
    artifacts: "./contracts/artifacts",
    cache: "./contracts/cache",
  },
  test: {
    solidity: {
      fuzz: { runs: 256, seed: INVARIANT_SEED },
      invariant: { runs: Number(INVARIANT_RUNS), depth: Number(INVARIANT_DEPTH) },
      fsPermissions: { readDirectory: ["./protocol/vectors"] },
    },
  },
  networks: {
    l1: { type: "edr-simulated", chainType: "l1", hardfork: "osaka", chainId: 900 },
  },
});
