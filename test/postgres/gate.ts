// A gate on loopback in front of a server: it can be shut, or hold back every byte, as a network does.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { connect } from "node:net";

export type Gate = {
  readonly port: number;
  /** Breaks every connection and refuses new ones. */
  readonly close: () => Promise<void>;
  readonly open: () => Promise<void>;
  /** Takes what comes and hands nothing on, in either direction; new connections are accepted. */
  readonly silence: () => void;
  /** Hands on what was held back. */
  readonly speak: () => void;
};

export async function openGate(port: number, host: string): Promise<Gate> {
  const sockets = new Set<Socket>();
  let isSilent = false;
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("data", (bytes) => to.write(bytes));
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isSilent) from.pause();
    }
  });
  const listen = async (at: number) => {
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
  };
  await listen(0);
  const own = (server.address() as AddressInfo).port;
  return {
    port: own,
    open: async () => await listen(own),
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    silence: () => {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    speak: () => {
      isSilent = false;
      for (const socket of sockets) socket.resume();
    },
  };
}
