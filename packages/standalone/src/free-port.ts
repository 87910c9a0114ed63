// Finds a TCP port for the embedded database.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** A port on 127.0.0.1 that nobody listens on just now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  // A listening TCP server has an address with a port.
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
