// Starts servers that outlive the script, and ends exactly those: by pid and start time, so that a reused pid never gets a stranger killed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import {
  identityOf,
  isRunning,
  type ProcessIdentity,
} from "@manman/adapters/linux-process/process-identity.ts";

/** A server process, leader of a process group of its own. */
export type DetachedProcess = ProcessIdentity & {
  readonly name: string;
  /** Where both its outputs go. */
  readonly logPath: string;
};

export type DetachedCommand = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Absolute; the caller's own by default. */
  readonly cwd?: string;
  readonly logPath: string;
};

/** Starts it; throws when the command cannot be run. */
export async function startDetached(spec: DetachedCommand): Promise<DetachedProcess> {
  const log = await open(spec.logPath, "a");
  try {
    const child = spawn(spec.command, spec.args, {
      env: spec.env,
      cwd: spec.cwd,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(child, "spawn");
    child.unref();
    const identity = await identityOf(child.pid as number);
    if (identity === undefined) throw new Error(await endOfLog(spec.name, spec.logPath));
    return { ...identity, name: spec.name, logPath: spec.logPath };
  } finally {
    await log.close();
  }
}

/** Signals its group, and kills the group where it still runs after the grace. Returns when it is gone. */
export async function endProcess(
  process: DetachedProcess,
  signal: NodeJS.Signals = "SIGTERM",
  graceSeconds = 20,
): Promise<void> {
  if (await goneAfter(process, signal, graceSeconds)) return;
  if (await goneAfter(process, "SIGKILL", 10)) return;
  throw new Error(`${process.name} (process ${process.pid}) does not end`);
}

/**
 * Polls until `ready` says true. Throws with the end of the log when one of the processes ends first, or when
 * the deadline passes.
 */
export async function untilReady(
  ready: () => Promise<boolean>,
  processes: readonly DetachedProcess[],
  seconds: number,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await ready())) {
    for (const process of processes) {
      if (!(await isRunning(process)))
        throw new Error(await endOfLog(process.name, process.logPath));
    }
    if (performance.now() > deadline) {
      const ends = processes.map(async ({ name, logPath }) => await endOfLog(name, logPath));
      throw new Error(`no answer in ${seconds} s\n${(await Promise.all(ends)).join("\n")}`);
    }
    await sleep(50);
  }
}

async function goneAfter(
  target: DetachedProcess,
  signal: NodeJS.Signals,
  seconds: number,
): Promise<boolean> {
  // To kill(2), the group of 1 is everybody.
  if (!(target.pid > 1)) throw new Error(`${target.name} cannot be process ${target.pid}`);
  if (!(await isRunning(target))) return true;
  try {
    process.kill(-target.pid, signal);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") throw cause;
  }
  const deadline = performance.now() + seconds * 1000;
  while (await isRunning(target)) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

async function endOfLog(name: string, path: string): Promise<string> {
  const written = await readFile(path, "utf8").catch(() => "");
  return `${name} ended, or does not answer; ${path} ends with:\n${written.slice(-2000).trim()}`;
}
