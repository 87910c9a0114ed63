// The processes of one game: the process group that it was started in. A process that leaves the group (by setsid, as daemons do)
// leaves the game too: it is neither waited for nor ended.
import { setTimeout as sleep } from "node:timers/promises";
import { allProcesses, isAlive, readProcess, type ProcessIdentity } from "./process-identity.ts";

const POLL_MS = 50;

/** Whether any process of the group that `leader` leads, or led, still runs. */
export function groupLives(leader: ProcessIdentity): boolean {
  return isAlive(leader) || orphansOf(leader).length > 0;
}

/**
 * Sends SIGTERM to the group of `leader` and, from the moment on that `isOverdue` says so, SIGKILL; resolves true once nothing of
 * the group is left, false when `givesUp` says so before.
 */
export async function endGroup(
  leader: ProcessIdentity,
  isOverdue: () => boolean,
  givesUp: () => boolean = () => false,
): Promise<boolean> {
  if (!isOverdue() && groupLives(leader)) {
    signalGroup(leader, "SIGTERM");
    // A process that was stopped would otherwise not see the SIGTERM before it is too late to save anything.
    signalGroup(leader, "SIGCONT");
  }
  while (groupLives(leader)) {
    if (givesUp()) return false;
    // Again and again, since a process may fork while the signal is on its way.
    if (isOverdue()) signalGroup(leader, "SIGKILL");
    await sleep(POLL_MS);
  }
  return true;
}

/**
 * What is left of a group whose leader is gone. The kernel gives no new process the id of a group that has members, so the id is
 * this group's as long as one is left; a leader of that pid with another start time means that the id was free, and was reused.
 */
function orphansOf(leader: ProcessIdentity): number[] {
  const holder = readProcess(leader.pid);
  if (holder !== undefined && holder.startTicks !== leader.startTicks) return [];
  // One system call instead of a walk through /proc, in the usual case that nothing is left.
  if (!signalGroup(leader, 0)) return [];
  return allProcesses()
    .filter(
      (process) =>
        process.alive &&
        process.groupId === leader.pid &&
        process.unixSessionId === leader.pid &&
        process.startTicks >= leader.startTicks,
    )
    .map((process) => process.pid);
}

/** Whether there was anything to send the signal to. */
function signalGroup(leader: ProcessIdentity, signal: NodeJS.Signals | 0): boolean {
  // To kill(2), -1 is everybody and 0 the own group. Records are checked for this where they are read, and here once more.
  if (!Number.isSafeInteger(leader.pid) || leader.pid <= 1) {
    throw new Error(`no process group ${leader.pid}`);
  }
  try {
    process.kill(-leader.pid, signal);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ESRCH") return false;
    // It exists but belongs to another user: that it does not end is what the caller then gets to know.
    if (code === "EPERM") return true;
    throw error;
  }
}
