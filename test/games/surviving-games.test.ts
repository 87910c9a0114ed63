import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FoundGame, GameLaunch } from "@manman/host-manager/games/game-runner.ts";
import { gameEnvironment } from "@manman/host-manager/games/game-environment.ts";
import { encodeRecord } from "@manman/host-manager/games/session-records.ts";
import { expect, test } from "vitest";
import { GamesHost, groupRuns, heardBy, signal, until } from "./games-host.ts";

test("games run on untouched when the host manager is killed, and are found again by the next", async () => {
  await using host = await GamesHost.make();
  const manager = startHostManager(host, host.launch(1n));
  await host.logHolds(1n, "ready");
  const before = await host.processes(1n);
  await kill(manager);

  const runner = host.runner();
  const heard = heardBy(runner);
  await until("the game is told", () => heard.length > 0);
  await runner.sendInput(1n, Buffer.from("say still here\n"));
  await host.logHolds(1n, "got say still here");

  expect(heard).toMatchObject([
    { sessionId: 1n, sgcId: 42n, state: "running", pid: before.game.pid, supervised: true },
  ]);
  expect(await host.processes(1n)).toEqual(before);
  expect(await host.readWorld("runs")).toBe(`${before.game.pid}\n`);
});

test("an end that came while no host manager was there is told, again to each listener, until it is forgotten", async () => {
  await using host = await GamesHost.make();
  const script = `echo ready; while ! test -e end; do sleep 0.05; done; exit 5`;
  const manager = startHostManager(host, host.launch(1n, ["/bin/sh", "-c", script]));
  await host.logHolds(1n, "ready");
  await kill(manager);
  await writeFile(join(host.world, "end"), "");
  const { supervisor } = await host.processes(1n);
  await until("the supervisor has gone", () => !groupRuns(supervisor.pid));

  const runner = host.runner();
  const end = { sessionId: 1n, state: "ended", how: "exited", exitCode: 5 };
  const first = heardBy(runner);
  await until("the end is told", () => first.length > 0);
  const second = heardBy(runner);
  expect(first).toMatchObject([end]);
  expect(second).toMatchObject([end]);
  const next = heardBy(host.runner());
  await until("the end is told", () => next.length > 0);
  expect(next).toMatchObject([end]);

  await runner.forget(1n);
  await runner.forget(1n);

  expect(await runner.find()).toEqual([]);
  expect(heardBy(runner)).toEqual([]);
});

test.each(["spec.json", "supervisor.log", "supervisor.json", "stdin.pipe", "game.log"])(
  "a start that is cut short when %s appears is finished by starting again, with one game",
  async (file) => {
    await using host = await GamesHost.make();
    const launch = host.launch(1n);
    const manager = startHostManager(host, launch);
    await until(`${file} appears`, async () => await exists(join(host.sessions, "1", file)));
    await kill(manager);

    const runner = host.runner();
    await runner.start(launch);
    await host.logHolds(1n, "ready");

    const { game } = await host.processes(1n);
    expect(await host.readWorld("runs")).toBe(`${game.pid}\n`);
    expect(await runner.find()).toMatchObject([{ state: "running", pid: game.pid }]);
  },
);

test("a game runs on without its supervisor: it can be stopped, takes no input, and its exit code stays unknown", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const heard = heardBy(runner);
  await runner.start(host.launch(1n));
  await host.logHolds(1n, "ready");
  const { supervisor, game } = await host.processes(1n);

  signal(supervisor.pid, "SIGKILL");
  await until("the loss is told", () => isUnsupervised(heard.at(-1)));

  await expect(runner.sendInput(1n, Buffer.from("x"))).rejects.toMatchObject({
    kind: "rejected",
    message: "send input to session 1: its supervisor was killed, and its input went with it",
  });
  expect(groupRuns(game.pid)).toBe(true);
  await host.runner().stop(1n, { graceSeconds: 20 });
  expect(groupRuns(game.pid)).toBe(false);
  expect(await host.read(1n, "game.log")).toContain("saved\n");
  expect(await host.read(1n, "game.log")).not.toContain("input ended");
  await until("the end is told", () => heard.at(-1)?.state === "ended");
  expect(heard.at(-1)).toMatchObject({
    how: "lost",
    exitCode: -1,
    reason: "its supervisor was killed, so nobody saw how it ended",
  });
});

test("a game without its supervisor that ends by itself is told as lost", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const heard = heardBy(runner);
  await runner.start(host.launch(1n));
  const { supervisor, game } = await host.processes(1n);

  signal(supervisor.pid, "SIGKILL");
  signal(game.pid, "SIGKILL");
  await until("the end is told", () => heard.at(-1)?.state === "ended");

  expect(heard.at(-1)).toMatchObject({ how: "lost", exitCode: -1, signal: undefined });
});

test("a supervisor that is killed while it stops a game leaves the stopping to the host manager", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  const script = `trap "" TERM; echo ready; while :; do sleep 0.05; done`;
  await runner.start(host.launch(1n, ["/bin/sh", "-c", script]));
  await host.logHolds(1n, "ready");
  const { supervisor, game } = await host.processes(1n);

  const stopped = runner.stop(1n, { graceSeconds: 1 });
  signal(supervisor.pid, "SIGKILL");
  await stopped;

  expect(groupRuns(game.pid)).toBe(false);
  expect(await runner.find()).toMatchObject([{ state: "ended", how: "lost" }]);
});

test("a supervisor goes on with a stop when the host manager is killed", async () => {
  await using host = await GamesHost.make();
  const script = `trap "echo told" TERM; echo ready; while :; do sleep 0.05; done`;
  const launch = host.launch(1n, ["/bin/sh", "-c", script]);
  await host.runner().start(launch);
  await host.logHolds(1n, "ready");
  const { game } = await host.processes(1n);

  const manager = startHostManager(host, launch, "stop");
  await host.logHolds(1n, "told");
  await kill(manager);
  expect(groupRuns(game.pid)).toBe(true);

  await until("the game is gone", () => !groupRuns(game.pid));
  const heard = heardBy(host.runner());
  await until("the end is told", () => heard.at(-1)?.state === "ended");
  expect(heard.at(-1)).toMatchObject({ how: "exited", exitCode: 137, signal: "SIGKILL" });
});

test("a supervisor stays when everybody is told to go, and hangs neither on a terminal nor on a closed one", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  await host.logHolds(1n, "ready");
  const { supervisor } = await host.processes(1n);

  for (const name of ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM"] as const) {
    signal(supervisor.pid, name);
  }
  await runner.sendInput(1n, Buffer.from("exit 4\n"));
  await until("it ended", async () => (await runner.find())[0]?.state === "ended");

  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 4 }]);
});

test("a supervisor that hangs does not keep its game from being killed, and tells the end once it goes on", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  const { supervisor, game } = await host.processes(1n);

  signal(supervisor.pid, "SIGSTOP");
  const killed = runner.kill(1n);
  // Its child stays a zombie as long as it hangs.
  await until("the game is gone", () => !groupRuns(game.pid));
  signal(supervisor.pid, "SIGCONT");
  await killed;

  expect(await runner.find()).toMatchObject([{ how: "exited", exitCode: 137 }]);
});

test("after a restart of the machine every game has ended, whatever runs under its pid now", async () => {
  await using host = await GamesHost.make();
  await host.runner().start(host.launch(1n));
  const file = await host.processes(1n);
  await host.tamper(1n, { ...file, bootId: "00000000-0000-0000-0000-000000000000" });

  const runner = host.runner();
  await runner.kill(1n);

  expect(await runner.find()).toMatchObject([
    { state: "ended", how: "lost", exitCode: -1, reason: "the machine restarted while it ran" },
  ]);
  expect(groupRuns(file.game.pid)).toBe(true);
  expect(groupRuns(file.supervisor.pid)).toBe(true);
});

test("another process under a game's pid is neither taken for the game nor signalled", async () => {
  await using host = await GamesHost.make();
  await host.runner().start(host.launch(1n));
  const file = await host.processes(1n);
  await host.tamper(1n, {
    ...file,
    supervisor: earlier(file.supervisor),
    game: earlier(file.game),
  });

  const runner = host.runner();
  await runner.kill(1n);

  expect(await runner.find()).toMatchObject([{ state: "ended", how: "lost" }]);
  expect(groupRuns(file.game.pid)).toBe(true);
  expect(groupRuns(file.supervisor.pid)).toBe(true);
});

const HOST_MANAGER = fileURLToPath(new URL("./host-manager-process.ts", import.meta.url));

/** A host manager that starts, or stops, the game in a process of its own. */
function startHostManager(host: GamesHost, launch: GameLaunch, order = "start"): ChildProcess {
  return spawn(
    process.execPath,
    [
      HOST_MANAGER,
      host.sessions,
      encodeRecord(launch),
      JSON.stringify(gameEnvironment(process.env)),
      order,
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}

async function kill(manager: ChildProcess): Promise<void> {
  const gone = once(manager, "exit");
  manager.kill("SIGKILL");
  await gone;
}

function isUnsupervised(game: FoundGame | undefined): boolean {
  return game?.state === "running" && !game.supervised;
}

async function exists(file: string): Promise<boolean> {
  return await access(file).then(
    () => true,
    () => false,
  );
}

function earlier<Process extends { startTicks: number }>(process: Process): Process {
  return { ...process, startTicks: process.startTicks - 1 };
}
