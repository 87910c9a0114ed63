import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

type ProxiedEcho = {
  readonly proxy: TcpProxy;
  /** How many bytes have reached the server. */
  readonly arrivedBytes: () => number;
  /** Sends to every client, unasked. */
  readonly say: (text: string) => void;
};

/** A server that sends back what it gets, behind a proxy. */
async function proxiedEcho(): Promise<ProxiedEcho> {
  const accepted: Socket[] = [];
  const echo = createServer((socket) => {
    accepted.push(socket);
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  await once(echo.listen(0, "127.0.0.1"), "listening");
  const { port } = echo.address() as AddressInfo;
  const proxy = await TcpProxy.to(`tcp://127.0.0.1:${port}`);
  onTestFinished(async () => {
    await proxy.close();
    for (const socket of accepted) socket.destroy();
    echo.close();
  });
  const arrivedBytes = (): number => accepted.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  const say = (text: string): void => {
    for (const socket of accepted) socket.write(text);
  };
  return { proxy, arrivedBytes, say };
}

/** Gives whatever was sent before the time to arrive: bytes that set out later have been there and back, several times. */
async function othersHaveEchoed(): Promise<void> {
  const { proxy } = await proxiedEcho();
  const { socket, received } = await open(proxy);
  for (let sent = 1; sent <= 5; sent += 1) {
    socket.write("x");
    await until(() => received().length === sent, { what: "the echo elsewhere" });
  }
}

/** A connection through the proxy, and all that came back on it. */
async function open(proxy: TcpProxy): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(proxy.port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  let received = "";
  socket.setEncoding("utf8").on("data", (text: string) => (received += text));
  socket.on("error", () => {});
  await once(socket, "connect");
  return { socket, received: () => received };
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
}

test("what goes in comes back", async () => {
  const { proxy } = await proxiedEcho();
  const { socket, received } = await open(proxy);
  socket.write("one");
  await until(() => received() !== "", { what: "the echo" });
  expect(received()).toBe("one");
});

test("an address through the proxy keeps its login and path", async () => {
  const { proxy } = await proxiedEcho();
  expect(proxy.through("amqp://guest:secret@broker.example:5672/host")).toBe(
    `amqp://guest:secret@127.0.0.1:${proxy.port}/host`,
  );
});

test("a cut breaks open connections, refuses new ones, and heals on the same port", async () => {
  const { proxy } = await proxiedEcho();
  const before = await open(proxy);
  await until(() => proxy.connections === 1, { what: "the connection" });
  const broken = closed(before.socket);
  await proxy.cut();
  await broken;
  await expect(open(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });

  await proxy.heal();
  const after = await open(proxy);
  after.socket.write("two");
  await until(() => after.received() === "two", { what: "the echo after the cut" });
});

test("a stall passes nothing either way on old and new connections, and everything once it is over", async () => {
  const { proxy, arrivedBytes, say } = await proxiedEcho();
  const early = await open(proxy);
  early.socket.write("a");
  await until(() => early.received() === "a", { what: "the echo before the stall" });
  proxy.stall();
  const late = await open(proxy);
  early.socket.write("b");
  late.socket.write("c");
  say("s");
  await othersHaveEchoed();
  expect([early.received(), late.received(), arrivedBytes()]).toEqual(["a", "", 1]);

  await proxy.heal();
  await until(() => early.received().length === 3 && late.received().endsWith("c"), {
    what: "the rest",
  });
  expect(early.received()).toBe("asb");
});

test("a stall of the answers lets the server hear everything, and a stall of the requests lets it be heard", async () => {
  const { proxy, arrivedBytes, say } = await proxiedEcho();
  const { socket, received } = await open(proxy);
  socket.write("a");
  await until(() => received() === "a", { what: "the echo before the stall" });
  proxy.stallAnswers();
  socket.write("b");
  await until(() => arrivedBytes() === 2 && proxy.holdsSomething, { what: "the held answer" });
  expect([received(), proxy.bytesToServer]).toEqual(["a", 2]);

  proxy.stallRequests();
  await until(() => received() === "ab", { what: "the answer that was held" });
  socket.write("c");
  say("s");
  await until(() => received() === "abs" && proxy.holdsSomething, { what: "the server's word" });
  expect(arrivedBytes()).toBe(2);
  await proxy.heal();
  await until(() => received() === "absc", { what: "the rest" });
});

test("a stall tells when somebody has spoken into it, on an old or on a new connection", async () => {
  const { proxy } = await proxiedEcho();
  const { socket } = await open(proxy);
  await until(() => proxy.connections === 1, { what: "the connection" });
  proxy.stall();
  await othersHaveEchoed();
  expect(proxy.holdsSomething).toBe(false);
  socket.write("a");
  await until(() => proxy.holdsSomething, { what: "the word on the old connection" });
  await proxy.heal();
  proxy.stall();
  const late = await open(proxy);
  late.socket.write("b");
  await until(() => proxy.holdsSomething, { what: "the word on the new connection" });
});

test("a stall hides from the server that its client has gone", async () => {
  const { proxy } = await proxiedEcho();
  const { socket } = await open(proxy);
  await until(() => proxy.connections === 1, { what: "the connection" });
  proxy.stall();
  socket.resetAndDestroy();
  await closed(socket);
  await othersHaveEchoed();
  expect(proxy.connections).toBe(1);
  await proxy.heal();
  await until(() => proxy.connections === 0, { what: "the server learns of it" });
});

test("a stall after so many bytes lets those through, and the rest once it is over", async () => {
  const { proxy } = await proxiedEcho();
  const one = await open(proxy);
  const other = await open(proxy);
  await until(() => proxy.connections === 2, { what: "both connections" });
  proxy.stallAfter(3_000_000);
  one.socket.write("a".repeat(2_000_000));
  await until(() => one.received().length === 2_000_000, { what: "what comes before the stall" });
  expect(proxy.isStalled).toBe(false);
  other.socket.write("b".repeat(5_000_000));
  await until(() => proxy.isStalled, { what: "the stall" });

  await proxy.heal();
  await until(() => other.received().length === 5_000_000, { what: "the rest" });
  expect(other.received()).toBe("b".repeat(5_000_000));
});
