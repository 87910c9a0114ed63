import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GamesHost, groupRuns, heardBy, signal, until } from "./games-host.ts";

test("a game runs with its arguments and environment, takes input, and ends with its own exit code", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const heard = heardBy(runner);

  await runner.start({
    ...host.launch(1n, host.echoGame("a b", `"c" $HOME`)),
    env: { WORLD: "big one" },
  });
  await host.logHolds(1n, `ready a b|"c" $HOME`);
  await host.logHolds(1n, `"WORLD":"big one"`);
  await until("the start is told", () => heard.at(-1)?.state === "running");
  await runner.sendInput(1n, Buffer.from("say hello\nexit"));
  await runner.sendInput(1n, Buffer.from(" 7\n"));
  await until("the end is told", () => heard.at(-1)?.state === "ended");

  expect(await host.read(1n, "game.log")).toContain("got say hello\ngot exit 7\n");
  expect(heard.filter((game) => game.state !== "starting")).toEqual([
    {
      sessionId: 1n,
      sgcId: 42n,
      state: "running",
      pid: expect.any(Number),
      startedAtMs: expect.any(Number),
      supervised: true,
    },
    {
      sessionId: 1n,
      sgcId: 42n,
      state: "ended",
      how: "exited",
      exitCode: 7,
      signal: undefined,
      endedAtMs: expect.any(Number),
      reason: undefined,
    },
  ]);
  expect(await runner.find()).toEqual([heard.at(-1)]);
});

test("a game gets nothing of the host manager's environment but what every game gets", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner({ environment: { PATH: "/usr/bin:/bin", HOME: "/nowhere" } });
  process.env["S3_SECRET_KEY"] = "not for games";

  await runner.start({ ...host.launch(1n), env: { PORT: "25565" } });
  await host.logHolds(1n, "environment");

  const [line = ""] = /(?<=environment ).*/.exec(await host.read(1n, "game.log")) ?? [];
  // PWD is the gate's, and true.
  expect(JSON.parse(line)).toEqual({
    PATH: "/usr/bin:/bin",
    HOME: "/nowhere",
    PORT: "25565",
    PWD: host.world,
  });
  const { supervisor } = await host.processes(1n);
  expect(await readFile(`/proc/${supervisor.pid}/environ`, "utf8")).toBe(
    "PATH=/usr/bin:/bin\0HOME=/nowhere\0",
  );
});

test("what is kept of a session is open to its owner only", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));

  const mode = async (...path: string[]): Promise<number> =>
    (await stat(join(host.sessions, "1", ...path))).mode & 0o777;
  expect(await mode()).toBe(0o700);
  expect(await mode("spec.json")).toBe(0o600);
  expect(await mode("game.log")).toBe(0o600);
});

test("starting a session again, at once or later or after its end, runs its game once", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const launch = host.launch(1n);

  // The second runner stands for a host manager that does not know what the first one is doing.
  await Promise.all([runner.start(launch), runner.start(launch), host.runner().start(launch)]);
  await runner.start(launch);
  await host.logHolds(1n, "ready");
  await runner.stop(1n, { graceSeconds: 20 });
  await runner.start(launch);

  expect(await host.readWorld("runs")).toBe(`${(await host.processes(1n)).game.pid}\n`);
  expect(await runner.find()).toMatchObject([{ state: "ended", how: "exited" }]);
});

test("stop lets a game save, and nothing happens when it is stopped again", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  await host.logHolds(1n, "ready");

  await runner.stop(1n, { graceSeconds: 20 });
  await runner.stop(1n, { graceSeconds: 0 });
  await runner.stop(999n, { graceSeconds: 0 });

  expect(await host.read(1n, "game.log")).toContain("saved\n");
  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 0, signal: undefined }]);
});

test("a death by signal is told as the signal and as 128 and its number", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));

  await runner.kill(1n);

  expect(await runner.find()).toMatchObject([
    { how: "exited", exitCode: 137, signal: "SIGKILL", reason: undefined },
  ]);
});

test("a child that ignores SIGTERM is gone after the grace, though its launcher went before", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const script = `(trap "" TERM; echo ready; while :; do sleep 0.05; done) & wait`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", script]));
  await host.logHolds(1n, "ready");
  const { game } = await host.processes(1n);

  await runner.stop(1n, { graceSeconds: 0.5 });

  expect(groupRuns(game.pid)).toBe(false);
  expect(await runner.find()).toMatchObject([{ exitCode: 143, signal: "SIGTERM" }]);
});

test("a server that saves after its launcher has gone is waited for, not killed", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const server = `trap "sleep 0.5; echo saved > saved; exit 0" TERM; echo ready; while :; do sleep 0.05; done`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", `(${server}) & wait`]));
  await host.logHolds(1n, "ready");

  await runner.stop(1n, { graceSeconds: 20 });

  expect(await host.readWorld("saved")).toBe("saved\n");
});

test("what a main process leaves behind when it ends by itself is asked to end, and waited for", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const left = `trap "echo told; exit 0" TERM; echo ready; while :; do sleep 0.05; done`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", `(${left}) & sleep 0.3; exit 3`]));
  const { game } = await host.processes(1n);

  await until("it ended", async () => (await runner.find())[0]?.state === "ended");

  expect(await host.read(1n, "game.log")).toContain("told\n");
  expect(groupRuns(game.pid)).toBe(false);
  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 3 }]);
});

test("a stopped process is woken, so that it can save", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  await host.logHolds(1n, "ready");
  signal((await host.processes(1n)).game.pid, "SIGSTOP");

  await runner.stop(1n, { graceSeconds: 20 });

  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 0 }]);
});

test("games have process groups of their own: ending one leaves the other", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await Promise.all([runner.start(host.launch(1n)), runner.start(host.launch(2n))]);

  await runner.kill(1n);

  expect(await runner.find()).toMatchObject([
    { sessionId: 1n, state: "ended" },
    { sessionId: 2n, state: "running", supervised: true },
  ]);
});
