// Names a process by pid and start time together, because a pid alone is reused and would get a stranger killed.
import { readdir, readFile, readlink } from "node:fs/promises";

/** One process for as long as the machine is up. */
export type ProcessIdentity = {
  readonly pid: number;
  /** Clock ticks between the machine's boot and the process's start, as `/proc` gives them. */
  readonly startTicks: string;
};

/** Who has this pid now; undefined when nobody has, or only a zombie that its parent has not collected. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || state === "X") return undefined;
  if (state === "Z" && !(await otherThreadsRun(pid))) return undefined;
  return { pid, startTicks };
}

/** Whether that very process still runs. */
export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await identityOf(process.pid))?.startTicks === process.startTicks;
}

/** The folder a process works in; undefined when it is gone or belongs to somebody else. */
export async function workingFolderOf(pid: number): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
}

/** The path of the program a process runs; undefined when it is gone or belongs to somebody else. */
export async function programOf(pid: number): Promise<string | undefined> {
  return await readlink(`/proc/${pid}/exe`).catch(() => undefined);
}

/** A process whose first thread has ended still holds its files and ports until the last one has. */
async function otherThreadsRun(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return threads.length > 1;
}
