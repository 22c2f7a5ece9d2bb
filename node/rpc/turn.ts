/** Milliseconds that one client's work holds the thread, on which blocks are made and verified as well. */
const TURN_MS = 10;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * For long work: the function is called after each step, and lets whatever else waits on this thread run first when
 * the steps since the last time have taken a turn's time. What a step costs depends on the block, so time is counted
 * and not steps.
 */
export function takingTurns(): () => Promise<void> {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < TURN_MS) return;
    await nextTurn();
    began = performance.now();
  };
}
