import type { Address } from "@phala-l2/protocol/bytes";
import { recoverSender, type SignedTransaction } from "@phala-l2/protocol/wire/transaction";
import { hasEvm, type Rules } from "../block/rules.ts";

/** Who signed a transaction; undefined when nobody can have, or with a high s from Homestead (EIP-2). */
export function senderOf(transaction: SignedTransaction, rules: Rules): Address | undefined {
  return recoverSender(transaction, hasEvm(rules, "homestead") ? "refused" : "allowed");
}
