import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  identityOf,
  isRunning,
  type ProcessIdentity,
} from "@manman/adapters/linux-process/process-identity.ts";
import { expect, onTestFinished, test } from "vitest";
import { startDetached, type DetachedProcess } from "../../scripts/services/detached-process.ts";
import {
  addProcess,
  beginRecord,
  endAbandonedRecords,
  endRecord,
  writeRecord,
} from "../../scripts/services/server-record.ts";

/** Stands for a server: it runs until somebody ends it. */
async function sleeper(): Promise<DetachedProcess> {
  const dir = await mkdtemp(join(tmpdir(), "sleeper-"));
  const process = await startDetached({
    name: "sleeper",
    command: "sleep",
    args: ["600"],
    env: {},
    logPath: join(dir, "log"),
  });
  onTestFinished(async () => {
    if (await isRunning(process)) globalThis.process.kill(process.pid, "SIGKILL");
    await rm(dir, { recursive: true, force: true });
  });
  return process;
}

/** Somebody who has been and gone. */
async function endedProcess(): Promise<ProcessIdentity> {
  const child = spawn("sleep", ["600"], { stdio: "ignore" });
  await once(child, "spawn");
  const identity = (await identityOf(child.pid as number)) as ProcessIdentity;
  child.kill("SIGKILL");
  await once(child, "exit");
  return identity;
}

test("servers whose starter was killed are ended, and their data is removed", async () => {
  const record = await beginRecord(false);
  const server = await sleeper();
  addProcess(record, server);
  await endAbandonedRecords();
  expect(await isRunning(server)).toBe(true);

  writeRecord({ ...record, startedBy: await endedProcess() });
  await endAbandonedRecords();
  expect(await isRunning(server)).toBe(false);
  expect([existsSync(record.path), existsSync(record.dir)]).toEqual([false, false]);
});

test("a stranger that got a server's process id later is left alone", async () => {
  const record = await beginRecord(false);
  const stranger = await sleeper();
  addProcess(record, { ...stranger, startTicks: "1" });
  await endRecord(record);
  expect(await isRunning(stranger)).toBe(true);
});

test.each([1, 0, -1])(
  "a record that names process %i is refused, for kill(2) takes its group for everybody",
  async (pid) => {
    const record = await beginRecord(false);
    // Nobody runs since then, so that nobody is hit should the check be missing.
    addProcess(record, { pid, startTicks: "never", name: "server", logPath: "/dev/null" });
    await expect(endRecord(record)).rejects.toThrow(`server cannot be process ${pid}`);
    record.processes = [];
    await endRecord(record);
  },
);
