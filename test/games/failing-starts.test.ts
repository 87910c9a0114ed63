import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gameEnvironment } from "@manman/host-manager/games/game-environment.ts";
import type { GameLaunch } from "@manman/host-manager/games/game-runner.ts";
import { SessionDirectory } from "@manman/host-manager/games/session-directory.ts";
import { encodeRecord } from "@manman/host-manager/games/session-records.ts";
import { expect, test } from "vitest";
import { GamesHost, groupRuns, heardBy, processRuns, signal, until } from "./games-host.ts";

test.each<[string, (host: GamesHost) => Partial<GameLaunch>, string, (host: GamesHost) => string]>([
  [
    "a program that is not in the PATH",
    () => ({ argv: ["no-such-game"], env: { PATH: "/bin:/usr/bin" } }),
    "missing",
    () => "the program no-such-game does not exist in /bin:/usr/bin",
  ],
  [
    "a program that is not in the working directory",
    () => ({ argv: ["./no-such-game"] }),
    "missing",
    (host) => `the program ./no-such-game does not exist in ${host.world}`,
  ],
  [
    "a program that is no executable file",
    () => ({ argv: ["./notes.txt"] }),
    "rejected",
    () => "the program ./notes.txt is not an executable file",
  ],
  [
    "a directory as the program",
    () => ({ argv: ["/usr"] }),
    "rejected",
    () => "the program /usr is not an executable file",
  ],
  [
    "a working directory that does not exist",
    () => ({ workingDirectory: "/no/such/directory" }),
    "missing",
    () => "the working directory /no/such/directory does not exist",
  ],
  [
    "a working directory that is a file",
    (host) => ({ workingDirectory: join(host.world, "notes.txt") }),
    "rejected",
    (host) => `${join(host.world, "notes.txt")} is not a directory`,
  ],
])("%s is named, and the session has ended without starting", async (_, parts, kind, reason) => {
  await using host = await GamesHost.make();
  await writeFile(join(host.world, "notes.txt"), "not a program");
  const runner = host.runner();
  const heard = heardBy(runner);
  const launch = { ...host.launch(1n), ...parts(host) };
  const refusal = { kind, message: `start session 1: ${reason(host)}` };

  await expect(runner.start(launch)).rejects.toMatchObject(refusal);
  await expect(host.runner().start(launch)).rejects.toMatchObject(refusal);
  await until("the end is told", () => heard.at(-1)?.state === "ended");

  expect(heard.at(-1)).toMatchObject({
    how: "not-started",
    exitCode: -1,
    signal: undefined,
    reason: reason(host),
  });
});

test.each<[string, Partial<GameLaunch>, string]>([
  ["no program", { argv: [] }, "argv names no program"],
  ["an empty program", { argv: ["", "x"] }, "argv names no program"],
  [
    "a relative working directory",
    { workingDirectory: "game" },
    'the working directory "game" is not absolute',
  ],
  [
    "a variable that no shell hands on",
    { env: { "a.b": "1" } },
    '"a.b" cannot be a variable\'s name',
  ],
  ["a NUL character", { argv: ["/bin/true", "a\0b"] }, "a NUL character in argv or env"],
  [
    "more than fits",
    { argv: ["/bin/true", "x".repeat(600_000)] },
    /^start session 1: argv and env are 6000\d\d bytes, more than 524288$/.source,
  ],
])("a launch with %s is refused, and nothing is kept of it", async (_, parts, problem) => {
  await using host = await GamesHost.make();
  const runner = host.runner();

  const start = runner.start({ ...host.launch(1n), ...parts });

  await expect(start).rejects.toMatchObject({ kind: "rejected" });
  await expect(start).rejects.toThrow(
    problem.startsWith("^") ? new RegExp(problem) : `start session 1: ${problem}`,
  );
  expect(await runner.find()).toEqual([]);
});

test("a program at its gate never runs when its supervisor is killed before it was recorded", async () => {
  await using host = await GamesHost.make();
  await mkdir(host.sessions, { recursive: true });
  const supervisor = spawn(process.execPath, [GATE, encodeRecord(host.launch(1n))], {
    cwd: host.sessions,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = (await once(supervisor.stdout, "data")) as [Buffer];
  const pid = Number(String(said));
  host.endLater(pid);
  expect(groupRuns(pid)).toBe(true);

  supervisor.kill("SIGKILL");
  await until("the gate is gone", () => !groupRuns(pid));

  expect(await host.readWorld("runs")).toBe("");
});

test("a supervisor that is killed between its claim and its game leaves a session that has not started", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner({ environment: await hangingEnvironment(host) });
  const started = runner.start(host.launch(1n));
  await until("it hangs", async () => (await host.readWorld("hanging")) !== "");
  host.endLater(Number(await host.readWorld("hanging")));
  const { supervisor } = await host.processes(1n);

  signal(supervisor.pid, "SIGKILL");

  await expect(started).rejects.toMatchObject({
    kind: "rejected",
    message: "start session 1: its supervisor ended before its program ran",
  });
  expect(await runner.find()).toMatchObject([{ state: "ended", how: "not-started" }]);
  expect(await host.readWorld("runs")).toBe("");
});

test("a supervisor that does not come up in time is ended, and the start with it", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner({
    environment: await hangingEnvironment(host),
    startSecondsMax: 2,
  });
  const started = runner.start(host.launch(1n));
  await Promise.all([
    expect(started).rejects.toMatchObject({ kind: "rejected" }),
    until("it hangs", async () => (await host.readWorld("hanging")) !== ""),
  ]);
  host.endLater(Number(await host.readWorld("hanging")));

  expect(processRuns((await host.processes(1n)).supervisor.pid)).toBe(false);
  expect(await runner.find()).toMatchObject([{ state: "ended", how: "not-started" }]);
});

test("a start that was cut short can be called off, and is then never finished", async () => {
  await using host = await GamesHost.make();
  await new SessionDirectory(join(host.sessions, "1")).recordSpec(host.launch(1n));
  const runner = host.runner();
  expect(await runner.find()).toEqual([{ sessionId: 1n, sgcId: 42n, state: "starting" }]);

  await runner.stop(1n, { graceSeconds: 20 });

  const refusal = {
    kind: "rejected",
    message: "start session 1: it was called off before its program ran",
  };
  await expect(runner.start(host.launch(1n))).rejects.toMatchObject(refusal);
  expect(await runner.find()).toMatchObject([{ state: "ended", how: "not-started" }]);
  expect(await host.readWorld("runs")).toBe("");
});

test("a directory without a recorded intent is no session, and does not stand in the way of one", async () => {
  await using host = await GamesHost.make();
  await mkdir(join(host.sessions, "1"), { recursive: true });
  await writeFile(join(host.sessions, "1", "spec.json.99-1.draft"), "{");
  const runner = host.runner();
  expect(await runner.find()).toEqual([]);

  await runner.start(host.launch(1n));

  expect(await runner.find()).toMatchObject([{ state: "running" }]);
});

test("a record that the disk spoilt is named, file and field", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  const file = await host.processes(1n);
  // To kill(2), the group of 1 is everybody.
  await host.tamper(1n, { ...file, game: { ...file.game, pid: 1 } });
  host.endLater(file.game.pid);

  await expect(runner.kill(1n)).rejects.toMatchObject({
    kind: "corrupt",
    message: `kill session 1: read ${join(host.sessions, "1", "supervisor.json")} game: "pid" is not a pid`,
  });
});

test("nothing is left of the drafts of records", async () => {
  await using host = await GamesHost.make();
  const runner = host.runner();
  await runner.start(host.launch(1n));
  await runner.kill(1n);

  const { supervisor } = await host.processes(1n);
  await until("the supervisor has gone", () => !groupRuns(supervisor.pid));
  expect((await readdir(join(host.sessions, "1"))).toSorted()).toEqual([
    "exit.json",
    "game.log",
    "spec.json",
    "supervisor.json",
    "supervisor.log",
  ]);
});

const GATE = fileURLToPath(new URL("./gate-process.ts", import.meta.url));

/** An environment in which a supervisor hangs once it has its claim, its game not yet spawned. */
async function hangingEnvironment(host: GamesHost): Promise<Record<string, string>> {
  const mkfifo = join(host.world, "mkfifo");
  await writeFile(mkfifo, `#!/bin/sh\necho $$ > ${join(host.world, "hanging")}\nexec sleep 600\n`);
  await chmod(mkfifo, 0o755);
  const environment = gameEnvironment(process.env);
  return { ...environment, PATH: `${host.world}:${environment["PATH"]}` };
}
