// Session commands and what becomes of games: order, copies, failures, and everything that may happen while the host manager is away.
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { inputCommand, killCommand, startCommand, stopCommand } from "./commands.ts";
import { hosting, type Hosting } from "./hosting.ts";

test("a start makes the directory, renders the launch, and is reported as running", async () => {
  const host = await started();
  await host.send(
    startCommand({
      entrypoint: ["./server", "{{data_dir}}"],
      gameCommand: ["nogui"],
      argsTemplate: "--port {{port.25565/tcp}} --name 'My World'",
      envTemplate: { WHO: "{{server_id}}/{{environment}}/{{sgc_id}}/{{session_id}}" },
      portBindings: [{ containerPort: 25_565, hostPort: 30_001, protocol: "TCP" }],
    }),
  );
  await reported(host, "session 456 running");
  const dataDir = join(host.hostDataDir, "gsc-test-42", "game");
  expect(host.runner.launches).toEqual([
    {
      sessionId: 456n,
      sgcId: 42n,
      argv: ["./server", dataDir, "nogui", "--port", "30001", "--name", "My World"],
      env: { WHO: "7/test/42/456" },
      workingDirectory: dataDir,
    },
  ]);
  expect(existsSync(dataDir)).toBe(true);
  await until(async () => (await pendingCommands(host)).length === 0, { what: "it is settled" });
});

test("a game that is stopped is reported as stopped, and let go once that has arrived", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await host.send(stopCommand({}));
  await until(() => host.runner.told.includes("forget 456"), { what: "the runner lets go" });
  expect(host.runner.told).toEqual(["start 456", "stop 456", "forget 456"]);
  expect(lastReport(host)).toMatchObject({ sessionId: 456n, status: "stopped", exitCode: 143 });
});

test("a game that ends by itself has completed or crashed", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await host.send(startCommand({ sessionId: 457n, sgcId: 43n }));
  await until(() => host.runner.games.size === 2, { what: "both run" });
  host.runner.end(456n, { exitCode: 0 });
  await reported(host, "session 456 completed");
  host.runner.end(457n, { exitCode: 139, signal: "SIGSEGV" });
  await reported(host, "session 457 crashed");
  expect(lastReport(host)).toMatchObject({ exitCode: 139, errorMessage: "ended by SIGSEGV" });
});

test("a start waits for the stop of the session before it, another game does not", async () => {
  const host = await started();
  host.runner.ignoresStop = true;
  await host.send(startCommand({}));
  await host.send(stopCommand({}));
  await host.send(startCommand({ sessionId: 457n }));
  await host.send(startCommand({ sessionId: 458n, sgcId: 43n }));
  await until(() => host.runner.told.includes("start 458"), { what: "the other game" });
  expect(host.runner.told).toEqual(["start 456", "stop 456", "start 458"]);
  host.runner.end(456n, { exitCode: 0 });
  await reported(host, "session 457 running");
  expect(host.statuses()).toContain("session 456 stopped");
});

test("a start that comes again is answered with what became of the first one", async () => {
  const host = await started();
  await host.send(startCommand({ sequence: 1n }));
  await reported(host, "session 456 running");
  host.controlPlane.reports.length = 0;
  await host.send(startCommand({ sequence: 2n }));
  await reported(host, "session 456 running");
  expect(host.runner.told).toEqual(["start 456"]);

  await host.send(stopCommand({ sequence: 3n }));
  await until(() => host.runner.told.includes("forget 456"), { what: "the runner lets go" });
  host.controlPlane.reports.length = 0;
  await host.send(startCommand({ sequence: 4n }));
  await reported(host, "session 456 crashed");
  expect(lastReport(host)).toMatchObject({
    exitCode: -1,
    errorMessage: "it was started before, and nothing is known of its end",
  });
  expect(host.runner.told).toEqual(["start 456", "stop 456", "forget 456"]);
});

test("a kill does not wait for the grace of the stop before it", async () => {
  const host = await started();
  host.runner.ignoresStop = true;
  await host.send(startCommand({}));
  await host.send(stopCommand({ graceSeconds: 3_600 }));
  await until(() => host.runner.told.includes("stop 456"), { what: "the stop is under way" });
  await host.send(killCommand({}));
  await reported(host, "session 456 stopped");
  expect(lastReport(host)).toMatchObject({ exitCode: 137 });
});

test("a start that fails is reported with the reason, and the next start goes ahead", async () => {
  const host = await started();
  host.runner.startFaults.push(new Fault("missing", "start session 456: no program ./game"));
  await host.send(startCommand({}));
  await reported(host, "session 456 crashed");
  expect(lastReport(host)).toMatchObject({
    exitCode: -1,
    errorMessage: "start session 456: no program ./game",
  });
  await host.send(startCommand({ sessionId: 457n, entrypoint: ["{{nonsense}}"] }));
  await reported(host, "session 457 crashed");
  expect(lastReport(host)).toMatchObject({
    errorMessage: expect.stringContaining('entrypoint[0]: "{{nonsense}}"'),
  });
  await host.send(startCommand({ sessionId: 458n }));
  await reported(host, "session 458 running");
});

test("a start that gets no answer is tried again, until its session is asked to end", async () => {
  const host = await started();
  const away = new Fault("away", "the supervisor does not answer");
  host.runner.startFaults.push(away, away);
  await host.send(startCommand({}));
  await reported(host, "session 456 running");
  expect(host.runner.told).toEqual(["start 456", "start 456", "start 456"]);

  host.runner.startFaults.push(...Array.from({ length: 1_000 }, () => away));
  await host.send(startCommand({ sessionId: 457n, sgcId: 43n }));
  await host.send(stopCommand({ sessionId: 457n, sgcId: 43n }));
  await reported(host, "session 457 stopped");
});

test("a game does not start beside another one on the same data", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await host.send(startCommand({ sessionId: 457n }));
  await reported(host, "session 457 crashed");
  expect(lastReport(host)).toMatchObject({
    errorMessage: "session 456 of the same game is running",
  });
  expect(host.runner.told).toEqual(["start 456"]);
});

test("a start with a restore is refused rather than run on other data", async () => {
  const host = await started();
  const restoreFrom = { backupId: 5n, s3Url: "s3://bucket/backups/42/5.tar.gz" };
  await host.send(startCommand({ restoreFrom }));
  await reported(host, "session 456 crashed");
  expect(host.runner.told).toEqual([]);
});

test("the stop of a session that this host does not know says that it is stopped", async () => {
  const host = await started();
  await host.send(stopCommand({ sessionId: 999n }));
  await reported(host, "session 999 stopped");
  expect(lastReport(host)).toMatchObject({ exitCode: -1 });
});

test("a stop may leave out whose session it is", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await host.send(stopCommand({ sgcId: 0n }));
  await reported(host, "session 456 stopped");
  await host.send(stopCommand({ sessionId: 999n, sgcId: 0n }));
  expect(host.lines.some((line) => String(line["msg"]).includes("no such session is here"))).toBe(
    true,
  );
});

test("input reaches the game once and in its order; a copy of it does not", async () => {
  const host = await started();
  await host.send(startCommand({ sequence: 1n }));
  await host.send(inputCommand("say one\n", { sequence: 2n }));
  await host.send(inputCommand("say two\n", { sequence: 3n }));
  await host.send(inputCommand("say one\n", { sequence: 2n }));
  await host.send(inputCommand("say three\n", { sequence: 4n }));
  await until(() => host.runner.inputs.length === 3, { what: "the input" });
  expect(host.runner.inputs).toEqual(["say one\n", "say two\n", "say three\n"]);
});

test("a start that comes again after its game has ended does not start it again", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await until(() => host.runner.games.size === 1, { what: "the game runs" });
  host.runner.end(456n, { exitCode: 0 });
  await until(() => host.runner.told.includes("forget 456"), { what: "the runner lets go" });
  await host.send(startCommand({}));
  await host.send(startCommand({ sessionId: 457n }));
  await reported(host, "session 457 running");
  expect(host.runner.launches.map(({ sessionId }) => sessionId)).toEqual([456n, 457n]);
});

test("a game that ended while the host manager was away is reported at its start", async () => {
  const host = await started();
  await host.send(startCommand({}));
  await reported(host, "session 456 running");
  await host.hostManager.stop();
  expect(host.runner.told).toEqual(["start 456"]);
  host.runner.end(456n, { exitCode: 1 });

  await host.start();
  await reported(host, "session 456 crashed");
  await until(() => host.runner.told.includes("forget 456"), { what: "the runner lets go" });
});

test("the end of a game is kept until the broker has it, over restarts", async () => {
  const host = await hosting();
  const first = await host.start();
  await host.send(startCommand({}));
  await host.send(stopCommand({}));
  await until(() => host.runner.told.includes("stop 456"), { what: "the stop" });
  await host.send(stopCommand({ sessionId: 999n }));
  await until(
    () => host.lines.filter(({ report }) => report === "session-999-stopped").length > 0,
    {
      what: "a report that no queue takes",
    },
  );
  await first.stop();
  expect(host.runner.told).not.toContain("forget 456");
  expect(await pendingCommands(host)).toHaveLength(1);

  await host.controlPlane.takeReports(host.bus);
  await host.start();
  await reported(host, "session 999 stopped");
  await until(() => host.runner.told.includes("forget 456"), { what: "the runner lets go" });
  await until(async () => (await pendingCommands(host)).length === 0, { what: "it is settled" });
});

test("commands that were not carried out before a restart are carried out after it, in order", async () => {
  const host = await started();
  host.runner.ignoresStop = true;
  await host.send(startCommand({ sequence: 1n }));
  await host.send(stopCommand({ sequence: 2n }));
  await host.send(startCommand({ sessionId: 457n, sequence: 3n }));
  await until(() => host.runner.told.includes("stop 456"), { what: "the stop is under way" });
  await host.hostManager.stop();
  expect(await pendingCommands(host)).toHaveLength(2);

  host.runner.ignoresStop = false;
  await host.start();
  await reported(host, "session 457 running");
  expect(host.runner.told.filter((told) => !told.startsWith("forget"))).toEqual([
    "start 456",
    "stop 456",
    "stop 456",
    "start 457",
  ]);
});

async function started() {
  const host = await hosting();
  await host.controlPlane.takeReports(host.bus);
  return { ...host, hostManager: await host.start() };
}

async function reported(host: Hosting, status: string): Promise<void> {
  await until(() => host.statuses().includes(status), { what: status });
}

function lastReport(host: Hosting) {
  return host.controlPlane.reports.findLast((report) => report.kind === "status.session");
}

async function pendingCommands(host: Hosting): Promise<string[]> {
  return await readdir(join(host.journal, "commands"));
}
