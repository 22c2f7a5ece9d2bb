import { toHex } from "@phala-l2/protocol/bytes";
import { registrationText } from "@phala-l2/sunset/registrations";
import type { ClaimSettings } from "./claims-settings.ts";
import { type CommandContext, type ExitStatus, HOLDS, needed } from "./command.ts";

/** What an account whose key signs no texts remarks on the parachain while it lives, so that its claim has a receiver. */
export async function register(given: ClaimSettings, { print, tell }: CommandContext): Promise<ExitStatus> {
  const receiver = needed(given.receiver, "receiver");
  const text = registrationText(needed(given.chainId, "chainId"), receiver, given.form);
  tell(
    "Submit this text as the account itself, on the parachain, while it lives: system.remark, alone in its",
  );
  tell(
    "extrinsic. Within a batch, a proxy's or a multisig's call it registers nothing. The last one counts.",
  );
  print({ call: "system.remark", remark: text, raw: toHex(new TextEncoder().encode(text)) });
  return HOLDS;
}
