import { type DepositRecord, type InFlight, Journal } from "./journal.ts";

/** Which deposits are asked about; all of them where nothing is given. */
export type StatusQuestion = {
  /** AccountId, in hex. */
  readonly sender?: string;
  /** Address on L1, in hex. */
  readonly receiver?: string;
  /** `HEIGHT-EVENT`, or the deposit's id. */
  readonly deposit?: string;
};

export type SwapStatus = {
  readonly read: string | undefined;
  readonly deposits: readonly Omit<DepositRecord, "signatures">[];
  /** Sums over these deposits, in planck. */
  readonly deposited: string;
  readonly refused: string;
  /** Nonce and hashes of the transaction that is under way. */
  readonly underWay: { readonly nonce: number; readonly hashes: readonly string[] } | undefined;
};

/** Deposits that one answer lists: the newest. */
const MAX_LISTED = 1000;

function isAskedFor(record: DepositRecord, { sender, receiver, deposit }: StatusQuestion): boolean {
  const place = `${record.height}-${record.eventIndex}`;
  return (
    (sender === undefined || record.sender === sender.toLowerCase()) &&
    (receiver === undefined || record.receiver === receiver.toLowerCase()) &&
    (deposit === undefined || deposit === place || deposit.toLowerCase() === record.id)
  );
}

function withoutSignatures({ signatures: _, ...record }: DepositRecord): Omit<DepositRecord, "signatures"> {
  return record;
}

function underWay(inFlight: InFlight | undefined): SwapStatus["underWay"] {
  return inFlight && { nonce: inFlight.nonce, hashes: inFlight.attempts.map(({ hash }) => hash) };
}

/** What a relayer's journal says of deposits. */
export async function swapStatus(journal: Journal, question: StatusQuestion): Promise<SwapStatus> {
  const found: DepositRecord[] = [];
  let deposited = 0n;
  let refused = 0n;
  for await (const record of journal.deposits()) {
    if (!isAskedFor(record, question)) continue;
    deposited += BigInt(record.planck);
    if (record.stage === "refused") refused += BigInt(record.planck);
    found.push(record);
    if (found.length > MAX_LISTED) found.shift();
  }
  const cursor = await journal.cursor();
  return {
    read: cursor?.height,
    deposits: found.map(withoutSignatures),
    deposited: deposited.toString(),
    refused: refused.toString(),
    underWay: underWay(await journal.inFlight()),
  };
}

/** The same of a journal that no relayer has open. @throws RollupError STORE_LOCKED, STORE_UNAVAILABLE */
export async function swapStatusIn(folder: string, question: StatusQuestion): Promise<SwapStatus> {
  const journal = await Journal.open(folder);
  try {
    return await swapStatus(journal, question);
  } finally {
    await journal.close();
  }
}
