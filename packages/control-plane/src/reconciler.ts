// Looks at every record that is due, and moves it on: the part that makes sure that nothing is stuck when its owner has died.
import type { Backup } from "@manman/core/backup/backup.ts";
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import type { BackupStatus } from "@manman/core/backup/lifecycle.ts";
import { sendAgain, takeOverExpired } from "@manman/core/backup/take-over.ts";
import type { Clock, Records, UploadControl } from "@manman/core/ports.ts";
import { heartbeatsMissedMax, type HostState } from "@manman/core/server.ts";
import { completeBackup } from "./completion.ts";
import { clearLeftover } from "./leftovers.ts";
import { logFailure } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";
import type { Removal } from "./removal.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";
import { lookAtDueSessions } from "./waiting-sessions.ts";
import type { WorkSlots } from "./work-slots.ts";

/** Records taken at a time. */
const takeMax = 100;
/** Nobody else takes a record for so long; a control plane that dies delays it by no more. */
const takeHoldMs = 15_000;
const pollMs = 1_000;
/** While every slot is taken. */
const fullWaitMs = 100;

type Needs = RuleSurroundings & {
  readonly records: Pick<Records, "backups" | "sessions" | "games">;
  readonly store: UploadControl;
  readonly slots: WorkSlots;
  readonly removal: Removal;
  readonly wakeRelay: () => void;
  /** Whether leases may be judged now. */
  readonly mayExpireLeases: () => Promise<boolean>;
  readonly limits: BackupLimits;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly random: () => number;
};

type Due = { readonly backup: Backup; readonly host: HostState };

export function startReconciler(needs: Needs): Loop {
  const { clock, random, log } = needs;
  const round = async (): Promise<number> => {
    const room = needs.slots.room();
    if (room === 0) return fullWaitMs;
    const limit = Math.min(takeMax, room);
    const due = await takeDue(limit, needs);
    for (const one of due) {
      needs.slots.offer(workKey(one.backup.backupId), async () => {
        await moveOn[one.backup.status]?.(one, needs);
      });
    }
    const leftovers = await needs.records.backups.takeLeftovers(limit, takeHoldMs);
    for (const leftover of leftovers) {
      needs.slots.offer(`leftover ${leftover.leftoverId}`, async () => {
        await clearLeftover(leftover, needs);
      });
    }
    await lookAtDueSessions(limit, needs);
    return Math.max(due.length, leftovers.length) < limit ? pollMs : 0;
  };
  return startLoop({ name: "reconciler", round, clock, random, log });
}

/** The key under which work on a backup runs, whoever found it. */
export function workKey(backupId: bigint): string {
  return `backup ${backupId}`;
}

async function takeDue(limit: number, needs: Needs): Promise<readonly Due[]> {
  const expireLeases = await mayExpire(needs);
  const due = await needs.records.backups.takeDue({
    limit,
    holdMs: takeHoldMs,
    hostOnlineMs: needs.heartbeatMs * heartbeatsMissedMax,
    expireLeases,
  });
  if (!due.some(isRunning)) return due;
  // The question may have been held up on its way, and asked when no host had been able to renew.
  return (await mayExpire(needs)) ? due : due.filter((one) => !isRunning(one));
}

async function mayExpire({ mayExpireLeases, log }: Needs): Promise<boolean> {
  try {
    return await mayExpireLeases();
  } catch (error) {
    // All other work needs no broker to tell how many reports wait.
    logFailure(log, {}, error, "leases cannot be judged now");
    return false;
  }
}

function isRunning({ backup }: Due): boolean {
  return backup.status === "running";
}

/** What is done with a record that is due, by its state; the other states are never due. */
const moveOn: Partial<Record<BackupStatus, (due: Due, needs: Needs) => Promise<void>>> = {
  pending: async ({ backup, host }, { records, circumstances, wakeRelay, log }) => {
    const outcome = await records.backups.change(backup.backupId, (present, nowMs) =>
      sendAgain(present, host, circumstances(nowMs)),
    );
    if (outcome?.decision.kind !== "change") return;
    const { record, decision } = outcome;
    const fields = { backup_id: record.backupId, attempt: record.attempt, status: record.status };
    log.debug({ ...fields, server_id: record.serverId, why: decision.why }, "a backup waits");
    if (decision.command !== undefined) wakeRelay();
  },
  running: async ({ backup }, { records, circumstances, log }) => {
    const outcome = await records.backups.change(backup.backupId, (present, nowMs) =>
      takeOverExpired(present, circumstances(nowMs)),
    );
    if (outcome?.decision.kind !== "change") return;
    const { backupId: backup_id, attempt, serverId: server_id } = backup;
    log.warn({ backup_id, attempt, server_id, why: outcome.decision.why }, "attempt taken over");
  },
  verifying: async ({ backup }, needs) => {
    await completeBackup(backup.backupId, needs);
  },
  deleting: async ({ backup }, { removal }) => {
    await removal.removeNow(backup);
  },
};
