// Stands between a program and its server and takes the network away: refused, silent, and back.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { freePort } from "../../scripts/services/free-ports.ts";

type Pair = readonly [client: Socket, server: Socket];

/** What a stall holds back. */
type Held = { readonly requests: boolean; readonly answers: boolean };

const nothing: Held = { requests: false, answers: false };

/** Forwards a port of its own to a target. Each change of mode holds for all connections, the open ones too. */
export class TcpProxy {
  readonly port: number;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<Pair>();
  #listener: Server | undefined;
  #held = nothing;
  #bytesUntilStall = Infinity;
  #bytesToServer = 0;

  private constructor(port: number, target: { host: string; port: number }) {
    this.port = port;
    this.#target = target;
  }

  /** Listens on a free port of 127.0.0.1 and forwards to the server that the address names. */
  static async to(address: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(address);
    const proxy = new TcpProxy(await freePort(), { host: hostname, port: Number(port) });
    await proxy.heal();
    return proxy;
  }

  /** The same address by way of this proxy. */
  through(address: string): string {
    const url = new URL(address);
    url.hostname = "127.0.0.1";
    url.port = String(this.port);
    return url.href;
  }

  /** How many connections are open. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Breaks all connections and refuses new ones, like a server that died. */
  async cut(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = listener === undefined ? undefined : once(listener.close(), "close");
    for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
    this.#pairs.clear();
    await closed;
  }

  /** How many bytes have gone to the server so far. */
  get bytesToServer(): number {
    return this.#bytesToServer;
  }

  /** Keeps all connections, takes new ones, and passes nothing, like a network that swallows every packet. */
  stall(): void {
    this.#hold({ requests: true, answers: true });
  }

  /** A stall in one direction: the server hears everything, and nobody hears the server. */
  stallAnswers(): void {
    this.#hold({ requests: false, answers: true });
  }

  /** A stall in the other direction: the server is heard, and hears nothing. */
  stallRequests(): void {
    this.#hold({ requests: true, answers: false });
  }

  /** Stalls once so many more bytes, and hardly any beyond them, have gone to the server, on whatever connections. */
  stallAfter(bytes: number): void {
    this.#bytesUntilStall = bytes;
  }

  get isStalled(): boolean {
    return this.#held.requests || this.#held.answers;
  }

  /** Whether a stall holds something back by now: somebody has spoken, and was not heard. */
  get holdsSomething(): boolean {
    return [...this.#pairs].some(
      ([client, server]) =>
        (this.#held.requests && client.readableLength > 0) ||
        (this.#held.answers && server.readableLength > 0),
    );
  }

  /** Ends a cut or a stall. What was sent during a stall arrives now. */
  async heal(): Promise<void> {
    this.#held = nothing;
    this.#bytesUntilStall = Infinity;
    for (const pair of this.#pairs) this.#join(pair);
    if (this.#listener !== undefined) return;
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    await once(listener.listen(this.port, "127.0.0.1"), "listening");
    this.#listener = listener;
  }

  /** A cut for good. */
  async close(): Promise<void> {
    await this.cut();
  }

  #accept(client: Socket): void {
    const pair = [client, connect({ ...this.#target, allowHalfOpen: true })] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.once("error", () => socket.destroy());
      socket.once("close", () => this.#end(pair));
    }
    this.#join(pair);
  }

  /** Through a stall, the other side does not learn that one side has gone. */
  #end(pair: Pair): void {
    if (this.isStalled) return;
    for (const socket of pair) socket.destroy();
    this.#pairs.delete(pair);
  }

  #hold(held: Held): void {
    this.#held = held;
    for (const pair of this.#pairs) this.#join(pair);
  }

  /** Lets flow what may flow, and nothing else. */
  #join(pair: Pair): void {
    const [client, server] = pair;
    if (!this.isStalled && (client.destroyed || server.destroyed)) {
      this.#end(pair);
      return;
    }
    // Counted only while it is piped: a stalled connection must not flow into nowhere.
    client.off("data", this.#count);
    client.unpipe(server);
    server.unpipe(client);
    if (!this.#held.requests) {
      client.pipe(server);
      client.on("data", this.#count);
    }
    if (!this.#held.answers) server.pipe(client);
  }

  readonly #count = (bytes: Buffer): void => {
    this.#bytesToServer += bytes.length;
    this.#bytesUntilStall -= bytes.length;
    if (this.#bytesUntilStall <= 0) this.stall();
  };
}
