// Remembers on disk what was started, before it is of use to anybody, so that whatever was started can be found and ended after any crash.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  identityOf,
  isRunning,
  type ProcessIdentity,
} from "@manman/adapters/linux-process/process-identity.ts";
import { stopPostgresOn } from "@manman/adapters/postgres/leftover-postgres.ts";
import { endProcess, type DetachedProcess } from "./detached-process.ts";
import type { ServerEnvironment } from "./server-environment.ts";

/** One set of servers, started together and ended together. */
export type ServerRecord = {
  /** Where it is written down. */
  readonly path: string;
  readonly startedBy: ProcessIdentity;
  /** Whether the servers stay when the process that started them has ended. */
  readonly stays: boolean;
  /** False while they are being started. */
  ready: boolean;
  /** The folder that holds all their data; removed with them. */
  readonly dir: string;
  /** In the order in which they were started. */
  processes: DetachedProcess[];
  /** Where our own servers are, by the names of the environment variables. */
  environment: ServerEnvironment;
};

const SCRATCH = join(import.meta.dirname, "..", "..", ".scratch");

/** The set that `up` starts and `down` ends. */
export const STAYING_RECORD = join(SCRATCH, "services.json");

/** Begins a set of servers with a folder of its own, in the temporary folder, and writes it down. */
export async function beginRecord(stays: boolean): Promise<ServerRecord> {
  const dir = await mkdtemp(join(tmpdir(), "manman-services-"));
  // Where root has to run PostgreSQL as another user, that user must be able to pass through.
  await chmod(dir, 0o711);
  const record: ServerRecord = {
    path: stays ? STAYING_RECORD : join(SCRATCH, `services-${basename(dir)}.json`),
    startedBy: (await identityOf(process.pid)) as ProcessIdentity,
    stays,
    ready: false,
    dir,
    processes: [],
    environment: {},
  };
  writeRecord(record);
  return record;
}

/** Undefined when there is none. */
export function readRecord(path: string): ServerRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ServerRecord;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new Error(`${path} cannot be read; remove it`, { cause });
  }
}

/** Writes a process down that was just started. */
export function addProcess(record: ServerRecord, process: DetachedProcess): void {
  record.processes.push(process);
  writeRecord(record);
}

/** Where a set keeps its PostgreSQL, if it has one. */
export function postgresDataDir(record: ServerRecord): string {
  return join(record.dir, "postgres", "data");
}

/** In one step, so that no reader ever sees half of it. */
export function writeRecord(record: ServerRecord): void {
  const { path } = record;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Whether all its servers were started and none of them has ended since. */
export async function isWhole(record: ServerRecord): Promise<boolean> {
  const running = await Promise.all(record.processes.map(isRunning));
  return record.ready && running.every(Boolean);
}

/** Ends its processes, and no others, and removes their data and the record. */
export async function endRecord(record: ServerRecord): Promise<void> {
  // Found by its folder, so that one whose start was cut short is found too.
  await stopPostgresOn(postgresDataDir(record));
  // The data goes too, so nobody has to save anything first.
  for (const process of record.processes.toReversed()) await endProcess(process, "SIGKILL");
  await rm(record.dir, { recursive: true, force: true, maxRetries: 10 });
  rmSync(record.path, { force: true });
}

/** Ends the sets whose starter was killed before it could. */
export async function endAbandonedRecords(): Promise<void> {
  mkdirSync(SCRATCH, { recursive: true });
  const names = readdirSync(SCRATCH).filter((name) => /^services(-[^.]+)?\.json$/.test(name));
  for (const name of names) {
    const path = join(SCRATCH, name);
    const record = readRecord(path);
    if (record === undefined || (record.ready && record.stays)) continue;
    if (await isRunning(record.startedBy)) continue;
    process.stderr.write(`ending servers that process ${record.startedBy.pid} left behind\n`);
    await endRecord(record);
  }
}
