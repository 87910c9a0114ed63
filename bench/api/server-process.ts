// Runs one server under measurement in a process of its own, and says so when it does not come up.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { freePort } from "../../scripts/services/free-ports.ts";
import { endProcess, startDetached, untilReady } from "../../scripts/services/detached-process.ts";
import { addProcess, type ServerRecord } from "../../scripts/services/server-record.ts";

export type ServerProcess = {
  /** `host:port` of its gRPC server. */
  readonly address: string;
  readonly pid: number;
};

const startSeconds = 60;

/**
 * Starts the program with `PORT` and `environment`, and returns once `answers` says so of its address. Throws with
 * the end of its log when it ends first, or is not there within a minute.
 */
export async function startServerProcess(server: {
  readonly name: string;
  /** Absolute path of its main file. */
  readonly program: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly record: ServerRecord;
  readonly profileDir: string | null;
  readonly answers: (address: string) => Promise<boolean>;
  readonly ends: AsyncDisposableStack;
}): Promise<ServerProcess> {
  const { name, record, profileDir } = server;
  const port = await freePort();
  const started = await startDetached({
    name,
    command: process.execPath,
    args: [...(await profileArguments(name, profileDir)), server.program, ...server.args],
    env: { ...process.env, ...server.environment, PORT: String(port) },
    logPath: join(record.dir, `${name}.log`),
  });
  addProcess(record, started);
  server.ends.defer(async () => await endProcess(started));
  const address = `127.0.0.1:${port}`;
  await untilReady(async () => await server.answers(address), [started], startSeconds);
  return { address, pid: started.pid };
}

async function profileArguments(name: string, dir: string | null): Promise<readonly string[]> {
  if (dir === null) return [];
  await mkdir(dir, { recursive: true });
  return ["--cpu-prof", `--cpu-prof-dir=${resolve(dir)}`, `--cpu-prof-name=${name}.cpuprofile`];
}
