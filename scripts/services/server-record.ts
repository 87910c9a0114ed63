// Remembers on disk what was started, before it is of use to anybody, so that whatever was started can be found and ended after any crash.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  isRunning,
  type ProcessIdentity,
} from "@manman/adapters/linux-process/process-identity.ts";
import { stopPostgresOn } from "@manman/adapters/postgres/leftover-postgres.ts";
import { endProcess, type DetachedProcess } from "./detached-process.ts";
import type { ServerEnvironment } from "./server-environment.ts";

/** One set of servers, started together and ended together. */
export type ServerRecord = {
  readonly startedBy: ProcessIdentity;
  /** Whether the servers stay when the process that started them has ended. */
  readonly stays: boolean;
  /** False while they are being started. */
  ready: boolean;
  /** The folder that holds all their data; removed with them. */
  readonly dir: string;
  readonly postgresDataDir: string;
  readonly processes: DetachedProcess[];
  /** Where our own servers are, by the names of the environment variables. */
  environment: ServerEnvironment;
};

const SCRATCH = join(import.meta.dirname, "..", "..", ".scratch");

/** The set that `up` starts and `down` ends. */
export const STAYING_RECORD = join(SCRATCH, "services.json");

/** A set of this process alone. */
export function recordOfThisProcess(): string {
  return join(SCRATCH, `services-${process.pid}.json`);
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

/** In one step, so that no reader ever sees half of it. */
export function writeRecord(path: string, record: ServerRecord): void {
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
export async function endRecord(path: string, record: ServerRecord): Promise<void> {
  // Found by its folder, so that one whose start was cut short is found too.
  await stopPostgresOn(record.postgresDataDir);
  // The data goes too, so nobody has to save anything first.
  for (const process of record.processes.toReversed()) await endProcess(process, "SIGKILL");
  await rm(record.dir, { recursive: true, force: true, maxRetries: 10 });
  rmSync(path, { force: true });
}

/** Ends the sets whose starter was killed before it could. */
export async function endAbandonedRecords(): Promise<void> {
  mkdirSync(SCRATCH, { recursive: true });
  const names = readdirSync(SCRATCH).filter((name) => /^services(-\d+)?\.json$/.test(name));
  for (const name of names) {
    const path = join(SCRATCH, name);
    const record = readRecord(path);
    if (record === undefined || (record.ready && record.stays)) continue;
    if (await isRunning(record.startedBy)) continue;
    process.stderr.write(`ending servers that process ${record.startedBy.pid} left behind\n`);
    await endRecord(path, record);
  }
}
