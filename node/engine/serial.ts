/** Runs pieces of work one after another in the order in which they were handed in. */
export type Serial = <Value>(work: () => Promise<Value>) => Promise<Value>;

/** A failed piece rejects its own promise and does not hold up the next. */
export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work, work);
    last = done.catch(() => {});
    return done;
  };
}
