// Ends a PostgreSQL that outlived whoever started it, so that its data folder can be served again and never by two at once.
import { readFile, readdir, realpath, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "@manman/core/fault.ts";
import {
  identityOf,
  isRunning,
  programOf,
  workingFolderOf,
  type ProcessIdentity,
} from "../linux-process/process-identity.ts";

const OWNER_FILE = "manman-owner.json";
const FAST_SHUTDOWN_SECONDS = 30;
const IMMEDIATE_SHUTDOWN_SECONDS = 10;

/** Throws a Fault (rejected) when another living program started a PostgreSQL on this folder; otherwise writes this program down as its owner. */
export async function takeOwnership(dataDir: string): Promise<void> {
  const path = join(dataDir, OWNER_FILE);
  const owner = parseOwner(await readFile(path, "utf8").catch(() => "null"));
  if (owner !== undefined && owner.pid !== process.pid && (await isRunning(owner))) {
    throw new Fault("rejected", `${dataDir} is in use by process ${owner.pid}: stop that first`);
  }
  await writeFile(path, JSON.stringify(await identityOf(process.pid)));
}

/**
 * Ends whatever PostgreSQL runs on this folder: a fast shutdown (open transactions are rolled back), and where that takes
 * longer than 30 s an immediate one, after which the next start recovers. Returns when its last process is gone.
 * Nothing happens when none runs. Throws a Fault (away) when it cannot be ended.
 */
export async function stopPostgresOn(dataDir: string): Promise<void> {
  if (await ended(dataDir, "SIGINT", FAST_SHUTDOWN_SECONDS)) return;
  if (await ended(dataDir, "SIGQUIT", IMMEDIATE_SHUTDOWN_SECONDS)) return;
  const left = await postgresProcessesOn(dataDir);
  throw new Fault("away", `PostgreSQL on ${dataDir} does not stop (processes ${left.join(", ")})`);
}

/** The pids of all PostgreSQL processes that work in this folder, the server's own and its children's. */
export async function postgresProcessesOn(dataDir: string): Promise<number[]> {
  const folder = await realpath(dataDir).catch(() => undefined);
  if (folder === undefined) return [];
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || (await workingFolderOf(pid)) !== folder) continue;
    const program = await programOf(pid);
    if (program !== undefined && basename(program) === "postgres") found.push(pid);
  }
  return found;
}

async function ended(dataDir: string, signal: NodeJS.Signals, seconds: number): Promise<boolean> {
  const deadline = performance.now() + seconds * 1000;
  let signalled: number | undefined;
  for (;;) {
    const running = await postgresProcessesOn(dataDir);
    if (running.length === 0) return true;
    // One that is still starting names itself late. Children of a killed one end by themselves and are never signalled.
    const server = await serverPid(dataDir);
    if (server !== undefined && server !== signalled && running.includes(server)) {
      signalIfThere(server, signal);
      signalled = server;
    }
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
}

async function serverPid(dataDir: string): Promise<number | undefined> {
  const lock = await readFile(join(dataDir, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(lock.split("\n")[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
}

/** A file that was torn by a crash names nobody. */
function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return (JSON.parse(text) as ProcessIdentity | null) ?? undefined;
  } catch {
    return undefined;
  }
}
