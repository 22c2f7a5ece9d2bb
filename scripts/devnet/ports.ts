import { createServer } from "node:net";
import { RollupError } from "@phala-l2/protocol/errors";

/** Whether somebody listens on this port of the loopback interface. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

/** Refuses to start on taken ports, all of them named at once. @throws RollupError PORT_TAKEN */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const taken: string[] = [];
  for (const [setting, port] of Object.entries(ports)) {
    if (port !== 0 && (await isTaken(port))) taken.push(`${port} (${setting})`);
  }
  if (taken.length === 0) return;
  const message = `taken: port ${taken.join(", port ")}; end what listens there, or choose other ports`;
  throw new RollupError("PORT_TAKEN", message, { data: { taken } });
}
