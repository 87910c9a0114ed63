// Which process is which: a pid alone names another process once it has been reused, a pid with its start time does not.
import { readdirSync, readFileSync } from "node:fs";

/** One process of one boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in clock ticks since boot (field 22 of /proc/{pid}/stat). */
  readonly startTicks: number;
}

/** What /proc says about a process. */
export interface ProcessStat extends ProcessIdentity {
  /** False for a zombie: it has ended, only its parent has not asked yet. */
  readonly alive: boolean;
  readonly groupId: number;
  /** The id of its terminal session, which is the pid of the process that called setsid. */
  readonly unixSessionId: number;
}

/** The boot that this machine is in: no pid means anything beyond it. */
export function currentBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

/** What /proc says about `pid`; undefined when there is no such process. */
export function readProcess(pid: number): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch (error) {
    // ESRCH: it ended between the opening and the reading.
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
  return parseProcessStat(stat);
}

/** Reads one /proc/{pid}/stat. The second field is the program's name and may hold blanks and parentheses. */
export function parseProcessStat(stat: string): ProcessStat {
  const afterName = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // The first word after the name is field 3.
  const field = (number: number): string => afterName[number - 3] ?? "";
  return {
    pid: Number.parseInt(stat, 10),
    alive: !"ZXx".includes(field(3)),
    groupId: Number(field(5)),
    unixSessionId: Number(field(6)),
    startTicks: Number(field(22)),
  };
}

/** The identity of a process that is known to exist, such as a child that was not waited for yet. */
export function identityOf(pid: number): ProcessIdentity {
  const stat = readProcess(pid);
  if (stat === undefined) throw new Error(`no process ${pid}`);
  return { pid, startTicks: stat.startTicks };
}

/** Whether exactly this process still runs. */
export function isAlive(process: ProcessIdentity): boolean {
  const stat = readProcess(process.pid);
  return stat !== undefined && stat.alive && stat.startTicks === process.startTicks;
}

/** Every process of this machine (of this pid namespace) that could be read. */
export function allProcesses(): ProcessStat[] {
  return readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
}
