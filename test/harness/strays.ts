// Ends what a fleet has left running: games and their supervisors, which outlive whoever started them by design.
import { readlinkSync } from "node:fs";
import { allProcesses } from "@manman/host-manager/games/process-identity.ts";
import { until } from "./until.ts";

/** The living processes that work in a directory, or below it. */
export function processesIn(directory: string): readonly number[] {
  return allProcesses()
    .filter(({ pid, alive }) => alive && worksIn(pid, directory))
    .map(({ pid }) => pid);
}

/** Kills them all. The directory is one of a test's own, so that nobody else's process is in it. */
export async function killProcessesIn(directory: string): Promise<void> {
  await until(
    () => {
      const left = processesIn(directory);
      for (const pid of left) kill(pid);
      return left.length === 0;
    },
    { what: `nothing runs in ${directory} any more` },
  );
}

function worksIn(pid: number, directory: string): boolean {
  try {
    const path = readlinkSync(`/proc/${pid}/cwd`);
    return path === directory || path.startsWith(`${directory}/`);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
