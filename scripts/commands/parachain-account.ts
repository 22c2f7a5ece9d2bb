import { readAccount } from "@phala-l2/bridge/snapshot/account-text";
import type { Hash } from "@phala-l2/protocol/bytes";
import { settingKind } from "@phala-l2/protocol/config/settings";
import { RollupError } from "@phala-l2/protocol/errors";

/** An account on the parachain: SS58 of any prefix, or 32 bytes of hex. */
export const parachainAccount = settingKind<Hash>("ADDRESS", (text) => {
  const reading = readAccount(text);
  if (reading.kind === "ok") return reading.account;
  throw new RollupError(
    "SETTING_INVALID",
    `an SS58 address or 32 bytes of hex are wanted; ${reading.reason}`,
  );
});
