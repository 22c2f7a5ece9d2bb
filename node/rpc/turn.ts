/** Lets whatever else waits on this thread run first: long loops call it every so many steps. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
