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

/** Listens on the Unix socket `path` (108 bytes at most) and answers each request with what `answer` says. */
export async function listenForControl(
  path: string,
  answer: (request: ControlRequest) => ControlAnswer,
): Promise<Server> {
  const server = createServer((connection) => serve(connection, answer));
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(path);
  await once(server, "listening");
  return server;
}

function serve(connection: Socket, answer: (request: ControlRequest) => ControlAnswer): void {
  const lines = new BoundedLines(LINE_BYTES_MAX);
  // A host manager that was killed; it comes back with a new connection.
  connection.on("error", () => connection.destroy());
  connection.on("data", (chunk) => {
    const requests = lines.push(chunk);
    // Answers that nobody reads pile up only as long as requests come: such a peer is let go.
    if (requests === undefined || connection.writableLength > LINE_BYTES_MAX) {
      connection.destroy();
      return;
    }
    for (const line of requests) {
      const request = decodeRequest(line);
      connection.write(
        encodeLine(
          request === undefined
            ? { ok: false, kind: "rejected", problem: "not a request that this supervisor knows" }
            : answer(request),
        ),
      );
    }
  });
}
