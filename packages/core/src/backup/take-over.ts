// What happens to a backup that nobody has moved on in time.
import type { Backup, BackupDecision, BackupChange } from "./backup.ts";
import { backoffMs } from "../backoff.ts";
import { redispatchWaitMs } from "./limits.ts";
import { becauseOf, isTroubled, type HostState } from "../server.ts";
import { backupCommand, endAttempt, keep, type Circumstances } from "./transition.ts";

/** Ends the attempt of a host that fell silent for longer than its lease. */
export function takeOverExpired(backup: Backup, circumstances: Circumstances): BackupDecision {
  const { nowMs, limits } = circumstances;
  if (backup.status !== "running") return keep(`the backup is ${backup.status}`);
  if (backup.dueAtMs === null || backup.dueAtMs > nowMs) return keep("the lease was renewed");
  const message = `the host manager was silent for more than ${limits.leaseMs / 1000} s`;
  return endAttempt(
    backup,
    { code: "lease_expired", message },
    "reconciler",
    "retry",
    circumstances,
  );
}

/** Ends the attempt of a host manager whose server was given to another one; the next attempt begins at once. */
export function takeOverFrom(
  backup: Backup,
  instanceId: string,
  circumstances: Circumstances,
): BackupDecision {
  if (backup.status !== "running") return keep(`the backup is ${backup.status}`);
  if (backup.upload?.instanceId !== instanceId) return keep("another host manager has it by now");
  const message = `server ${backup.serverId} was taken over from the host manager that worked on it`;
  const failure = { code: "taken_over", message } as const;
  const change = endAttempt(backup, failure, "caller", "retry", circumstances);
  if (change.backup.status !== "pending") return change;
  return { ...change, backup: { ...change.backup, dueAtMs: circumstances.nowMs } };
}

/**
 * Looks again at a backup that waits for its host: the command goes out once more to a host that is alive (its queue holds it
 * for one that is not), and after the dispatch deadline the backup fails.
 */
export function sendAgain(
  backup: Backup,
  host: HostState,
  circumstances: Circumstances,
): BackupDecision {
  const { nowMs, limits } = circumstances;
  if (backup.status !== "pending") return keep(`the backup is ${backup.status}`);
  if (backup.dueAtMs === null || backup.dueAtMs > nowMs) return keep("looked at meanwhile");
  if (nowMs - backup.statusSinceMs >= limits.dispatchDeadlineMs) {
    const waitedHours = (nowMs - backup.statusSinceMs) / 3_600_000;
    const message = `no host manager of server ${backup.serverId} claimed it within ${waitedHours.toFixed(1)} h${becauseOf(host)}`;
    return endAttempt(
      backup,
      { code: "host_unavailable", message },
      "reconciler",
      "give-up",
      circumstances,
    );
  }
  if (isTroubled(host)) {
    // It would hand the command back. Its word that the trouble is over comes with a heartbeat; the next look must not be far off then.
    return {
      kind: "change",
      backup: { ...backup, dueAtMs: nowMs + limits.redispatchMs },
      who: "reconciler",
      why: `the host takes no new work on: ${host.problem}`,
    };
  }
  const next: Backup = {
    ...backup,
    dueAtMs: nowMs + redispatchWaitMs(backup.dueTries, limits),
    dueTries: backup.dueTries + 1,
  };
  // The first look at a retried attempt is the one that its backoff ended with: its command was never sent.
  const firstOfRetry = backup.attempt > 1 && backup.dueTries === 0;
  const change = { kind: "change", backup: next, who: "reconciler" } as const;
  return host.isOnline || firstOfRetry
    ? { ...change, why: "the command is sent again", command: backupCommand(next) }
    : { ...change, why: "the host is away; its queue holds the command" };
}

/** Puts off the next look at a record whose work could not be done now. */
export function lookLater(
  backup: Backup,
  { nowMs, chance, limits }: Circumstances,
  why: string,
): BackupChange {
  const waitMs = backoffMs(backup.dueTries + 1, limits.reconcileBackoff, chance);
  return {
    kind: "change",
    backup: { ...backup, dueAtMs: nowMs + waitMs, dueTries: backup.dueTries + 1 },
    who: "reconciler",
    why,
  };
}
