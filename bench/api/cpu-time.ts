// The CPU time of processes, which says what a call costs even where other programs slow the machine down.
import { readdir, readFile } from "node:fs/promises";

/** What a process and its threads have used so far, in milliseconds; the kernel counts in steps of 10. Throws where it is gone. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await statOf(pid);
  if (stat === undefined) throw new Error(`process ${pid} is gone`);
  return stat.ownMs;
}

/** The same together with all its children, those that have ended included. */
export async function cpuMsOfFamily(pid: number): Promise<number> {
  const names = await readdir("/proc");
  const pids = names.filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const stats = await Promise.all(pids.map(statOf));
  const parent = stats[pids.indexOf(pid)];
  if (parent === undefined) throw new Error(`process ${pid} is gone`);
  const children = stats.map((stat) => (stat?.parentPid === pid ? stat.ownMs : 0));
  return parent.ownMs + parent.endedChildrenMs + sum(children);
}

/** What all programs and the kernel have used on all cores since the machine's start, in milliseconds. */
export async function cpuMsOfMachine(): Promise<number> {
  const [line] = (await readFile("/proc/stat", "utf8")).split("\n");
  const ticks = (line ?? "").split(/\s+/).slice(1).map(Number);
  // user, nice, system, then idle and waiting for disks, which are no work, then interrupts of two kinds.
  return sum([0, 1, 2, 5, 6].map((at) => ticks[at] ?? 0)) * tickMs;
}

type Stat = {
  readonly parentPid: number;
  readonly ownMs: number;
  readonly endedChildrenMs: number;
};

const tickMs = 10;

async function statOf(pid: number): Promise<Stat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may itself hold spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    parentPid: Number(fields[1]),
    ownMs: sum(fields.slice(11, 13).map(Number)) * tickMs,
    endedChildrenMs: sum(fields.slice(13, 15).map(Number)) * tickMs,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
