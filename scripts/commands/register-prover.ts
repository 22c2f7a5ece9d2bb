import { readFileSync } from "node:fs";
import { systemClock } from "@phala-l2/node/clock";
import { loadAccount } from "@phala-l2/node/keys/account";
import { toHex } from "@phala-l2/protocol/bytes";
import {
  addressSetting,
  fileSetting,
  secondsSetting,
  textSetting,
  urlSetting,
} from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";
import { readKeyStanding } from "@phala-l2/tee-prover/host/key-standing";
import { createL1Transactions } from "@phala-l2/tee-prover/host/l1-transactions";
import { parsePrinted } from "@phala-l2/tee-prover/host/registration/printed";
import { registerKey } from "@phala-l2/tee-prover/host/registration/register";
import { readRegistryContracts } from "@phala-l2/tee-prover/host/registration/registry";
import { createPublicClient, http } from "viem";
import { DOES_NOT_HOLD, defineCommand, HOLDS } from "./command.ts";

const settings = {
  printed: fileSetting({ help: "file with the line that the prover printed when it was ready" }),
  l1RpcUrl: urlSetting({ help: "JSON-RPC of L1" }),
  proverRegistry: addressSetting({ help: "ProverRegistry on L1" }),
  account: textSetting({
    help: "who pays, and posts the bond in PHA: a keystore file, or dev:INDEX on a development chain",
  }),
  passwordFile: fileSetting({ help: "file whose first line opens the keystore", optional: true }),
  pollInterval: secondsSetting({ help: "seconds between looks for a receipt", default: "2" }),
  resubmitAfter: secondsSetting({ help: "seconds without inclusion until it is given up", default: "180" }),
};

const MILLISECONDS = 1000;

/** @throws RollupError SETTING_INVALID */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new RollupError("SETTING_INVALID", `${file} cannot be read`, { data: { file }, cause });
  }
}

export const registerProverCommand = defineCommand({
  name: "register-prover",
  summary: "registers the key of a prover that holds no funds, by the evidence that it printed",
  settings,
  run: async ({ printed, l1RpcUrl, proverRegistry, pollInterval, resubmitAfter, ...who }, context) => {
    const { log, print, stop: signal } = context;
    const client = createPublicClient({ transport: http(l1RpcUrl, { batch: true }) });
    const chainId = BigInt(await client.getChainId());
    const registration = parsePrinted(read(printed), { chainId, verifyingContract: proverRegistry });
    const account = await loadAccount({ ...who, l1ChainId: chainId });
    const transactions = createL1Transactions(
      { resubmitAfterMs: resubmitAfter * MILLISECONDS, pollIntervalMs: pollInterval * MILLISECONDS },
      { client, account, clock: systemClock, signal },
    );
    await registerKey(registration, {
      client,
      transactions,
      contracts: await readRegistryContracts(client, toHex(proverRegistry)),
      payer: account.address,
      onProgress: (progress) => log.info({ ...progress }, "registration"),
    });
    const key = toHex(registration.binding.key);
    const { isValid, expiresAt } = await readKeyStanding(client, toHex(proverRegistry), key);
    print({ key, isValid, expiresAt: expiresAt === undefined ? null : expiresAt.toString() });
    return isValid ? HOLDS : DOES_NOT_HOLD;
  },
});
