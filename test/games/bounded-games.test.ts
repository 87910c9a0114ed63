import { once } from "node:events";
import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GamesHost, heardBy, until } from "./games-host.ts";

const MIB = 1024 * 1024;

test("a data directory may lie deeper than the path of a socket may be long", async () => {
  await using host = await GamesHost.make("a".repeat(120), "b".repeat(120));
  const runner = host.runner();

  await runner.start(host.launch(1n));
  await runner.sendInput(1n, Buffer.from("say deep\n"));
  await host.logHolds(1n, "got say deep");
  await runner.stop(1n, { graceSeconds: 20 });

  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 0 }]);
});

test("a log stays within its bound, keeps the newest lines, and goes on", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const script = `head -c 36000000 /dev/zero; echo newest; read line; echo "then $line"; exec sleep 600`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", script]));
  const bytes = async (name: string): Promise<number> =>
    (await stat(join(host.sessions, "1", name)).catch(() => ({ size: -1 }))).size;

  await until("the log is cut", async () => (await host.read(1n, "game.log.1")).includes("newest"));
  expect(await bytes("game.log")).toBeLessThan(MIB);
  expect(await bytes("game.log.1")).toBeLessThanOrEqual(20 * MIB);
  expect(await bytes("game.log.1")).toBeGreaterThanOrEqual(10 * MIB);

  await runner.sendInput(1n, Buffer.from("more\n"));
  await host.logHolds(1n, "then more");
  expect(await bytes("game.log")).toBeLessThan(MIB);
});

test("a game that does not read its input is told of, once its pipe and queue are full", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n, ["/bin/sleep", "600"]));

  const input = Buffer.alloc(64 * 1024, "x");
  const refusal = await (async () => {
    for (let sent = 0; sent < 10; sent += 1) await runner.sendInput(1n, input);
  })().catch((error: unknown) => error);

  expect(refusal).toMatchObject({
    kind: "exhausted",
    message: "send input to session 1: the game does not read its input",
  });
});

test("input that waits reaches a game that begins to read late, whole and in order", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const script = `while ! test -e go; do sleep 0.05; done; head -c 131072 | sha256sum; exec sleep 600`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", script]));

  await runner.sendInput(1n, Buffer.alloc(64 * 1024, "a"));
  await runner.sendInput(1n, Buffer.alloc(64 * 1024, "b"));
  await writeFile(join(host.world, "go"), "");
  await until("it has read", async () => (await host.read(1n, "game.log")).includes("\n"));

  expect(await host.read(1n, "game.log")).toBe(
    "c00a557361a4abc1bf897d3ebff6cc4ce5cc1c3cebf8b314b7f96b062fedf74c  -\n",
  );
});

test("input that cannot be delivered is refused with the reason", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  await host.logHolds(1n, "ready");

  await expect(runner.sendInput(1n, Buffer.alloc(64 * 1024 + 1))).rejects.toMatchObject({
    kind: "rejected",
    message: "send input to session 1: 65537 bytes are more than 65536",
  });
  const nothing = {
    kind: "missing",
    message: "send input to session 2: no such game runs on this host",
  };
  await expect(runner.sendInput(2n, Buffer.from("x"))).rejects.toMatchObject(nothing);
  await runner.kill(1n);
  await expect(runner.sendInput(1n, Buffer.from("x"))).rejects.toMatchObject({
    kind: "missing",
    message: "send input to session 1: no such game runs on this host",
  });
});

test("a game that has closed its input refuses what comes after", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n, ["/bin/sh", "-c", "exec sleep 600 < /dev/null"]));

  // The first bytes may be written into the pipe before the game closes it.
  let refusal: unknown;
  await until("input is refused", async () => {
    refusal = await runner.sendInput(1n, Buffer.from("x")).catch((error: unknown) => error);
    return refusal !== undefined;
  });

  expect(refusal).toMatchObject({
    kind: "rejected",
    message: "send input to session 1: the game has closed its input",
  });
});

test("a peer that sends rubbish, or a line without end, does no harm to the game", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  const rubbish = [
    "\n",
    "null\n",
    "[]\n",
    "{}\n",
    '{"op":"stop","graceSeconds":"1"}\n',
    "\u{ff}\n",
  ];

  for (const line of rubbish) {
    const peer = await connected(host);
    peer.write(line);
    const [answer] = (await once(peer, "data")) as [Buffer];
    peer.destroy();
    expect(String(answer)).toBe(
      '{"ok":false,"kind":"rejected","problem":"not a request that this supervisor knows"}\n',
    );
  }
  const endless = await connected(host);
  // It is let go while it writes: a reset, and no end.
  endless.on("error", () => undefined);
  endless.write("x".repeat(MIB));
  await until("the endless line is let go", () => endless.destroyed);

  await runner.sendInput(1n, Buffer.from("exit 6\n"));
  await until("it ended", async () => (await runner.find())[0]?.state === "ended");
  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 6 }]);
});

test("a game that lives is not forgotten", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));

  await expect(runner.forget(1n)).rejects.toMatchObject({
    kind: "rejected",
    message: "forget session 1: it has not ended",
  });
  expect(await runner.find()).toMatchObject([{ state: "running" }]);
});

test("of the sessions that were forgotten, the logs of the last sixteen are kept", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  for (let sessionId = 1; sessionId <= 18; sessionId += 1) {
    const directory = join(host.sessions, String(sessionId));
    await mkdir(directory, { recursive: true });
    await writeFile(
      join(directory, "spec.json"),
      JSON.stringify({ ...host.launch(1n), sessionId: String(sessionId), sgcId: "42" }),
    );
    await runner.stop(BigInt(sessionId), { graceSeconds: 0 });
    await runner.forget(BigInt(sessionId));
  }

  expect(await runner.find()).toEqual([]);
  expect(
    (await readdir(join(host.sessions, "ended"))).map(Number).toSorted((a, b) => a - b),
  ).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
});

test("a listener that has gone hears nothing more, and a closed runner tells nothing", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const other = host.runner();
  const gone: unknown[] = [];
  runner.onChange((game) => gone.push(game))();
  await runner.start(host.launch(1n));
  const heard = heardBy(other);
  await until("the game is told", () => heard.length > 0);
  await other.close();

  await runner.kill(1n);

  expect(gone).toEqual([]);
  expect(heard.filter((game) => game.state === "ended")).toEqual([]);
});

async function connected(host: GamesHost): Promise<Socket> {
  const socket = connect({ path: join(host.sessions, "1", "control.sock") });
  await once(socket, "connect");
  return socket;
}
