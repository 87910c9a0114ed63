// The supervisor's end of the control socket. Who may connect is decided by the mode of the directory that it lies in.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { BoundedLines } from "./bounded-lines.ts";
import {
  decodeRequest,
  encodeLine,
  LINE_BYTES_MAX,
  type ControlAnswer,
  type ControlRequest,
} from "./control-protocol.ts";

const CONNECTIONS_MAX = 16;

type Answerer = (request: ControlRequest) => Promise<ControlAnswer>;

/** Listens on the Unix socket `path` (108 bytes at most) and answers the requests of each connection in order, with what `answer` says. */
export async function listenForControl(path: string, answer: Answerer): Promise<Server> {
  const server = createServer((connection) => void serve(connection, answer));
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(path);
  await once(server, "listening");
  return server;
}

async function serve(connection: Socket, answer: Answerer): Promise<void> {
  // Be it a host manager that was killed: it comes back with a new connection.
  connection.on("error", () => undefined);
  const lines = new BoundedLines(LINE_BYTES_MAX);
  try {
    for await (const chunk of connection as AsyncIterable<Buffer>) {
      const requests = lines.push(chunk);
      // Answers that nobody reads pile up only as long as requests come: such a peer is let go.
      if (requests === undefined || connection.writableLength > LINE_BYTES_MAX) break;
      for (const line of requests) {
        const request = decodeRequest(line);
        connection.write(encodeLine(request === undefined ? UNKNOWN : await answer(request)));
      }
    }
  } catch {
    // The connection broke.
  } finally {
    connection.destroy();
  }
}

const UNKNOWN: ControlAnswer = {
  ok: false,
  kind: "rejected",
  problem: "not a request that this supervisor knows",
};
