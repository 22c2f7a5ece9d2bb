/**
 * Milliseconds of this process's processor time since `start`, or ever. What costs too much is told apart by it, and
 * not by a clock: it does not run while other programs have the processor.
 */
export function processorTime(start = 0): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 - start;
}
