// What is due among backups in memory, and the leases of those that run.
import { reasonOfLoss } from "@manman/core/backup/claim-attempt.ts";
import type { BackupRecords, HeldAttempt } from "@manman/core/ports.ts";
import { hostStateOf } from "./memory-hosts.ts";
import type { Surroundings } from "./memory-outbox.ts";
import type { BackupRow } from "./memory-tables.ts";

export function memoryDue({
  tables,
  nowMs,
  newId,
}: Surroundings): Pick<BackupRecords, "renew" | "takeDue" | "extendLeases" | "runningUnderOthers"> {
  return {
    renew: async (serverId, instanceId, attempts, leaseMs) =>
      attempts.flatMap((held) => {
        const row = tables.backups.get(held.backupId);
        const claim = { serverId, instanceId, attempt: held.attempt };
        const reason = reasonOfLoss(held.backupId, row?.backup, claim);
        if (reason !== null) return [{ ...attemptOf(held), reason }];
        if (row !== undefined) renewRow(row, held, nowMs(), leaseMs);
        return [];
      }),

    takeDue: async ({ limit, holdMs, hostOnlineMs, expireLeases }) => {
      const taken = [...tables.backups.values()]
        .filter(({ visibleAtMs }) => visibleAtMs !== null && visibleAtMs <= nowMs())
        .filter(({ backup }) => expireLeases || backup.status !== "running")
        .toSorted((a, b) => Number(a.visibleAtMs) - Number(b.visibleAtMs))
        .slice(0, limit)
        .toSorted(
          (a, b) =>
            Number(a.backup.dueAtMs) - Number(b.backup.dueAtMs) ||
            Number(a.backup.backupId - b.backup.backupId),
        );
      return taken.map((row) => {
        row.visibleAtMs = nowMs() + holdMs;
        const host = hostStateOf({ tables, nowMs, newId }, row.backup.serverId, hostOnlineMs);
        return { backup: row.backup, host };
      });
    },

    runningUnderOthers: async (serverId, instanceId, afterId, limit) =>
      [...tables.backups.values()]
        .map(({ backup }) => backup)
        .filter(({ status, serverId: on }) => status === "running" && on === serverId)
        .filter(({ upload }) => upload?.instanceId !== instanceId)
        .filter(({ backupId }) => backupId > afterId)
        .toSorted((a, b) => Number(a.backupId - b.backupId))
        .slice(0, limit),

    extendLeases: async (atLeastMs) => {
      const untilMs = nowMs() + atLeastMs;
      for (const row of tables.backups.values()) {
        const { backup, visibleAtMs } = row;
        if (backup.status !== "running" || Number(backup.dueAtMs) >= untilMs) continue;
        row.backup = { ...backup, dueAtMs: untilMs };
        row.visibleAtMs = Math.max(Number(visibleAtMs), untilMs);
      }
    },
  };
}

function renewRow(row: BackupRow, held: HeldAttempt, nowMs: number, leaseMs: number): void {
  const progress = held.progress && { ...held.progress, updatedAtMs: nowMs };
  const dueAtMs = nowMs + leaseMs;
  row.backup = { ...row.backup, dueAtMs, progress: progress ?? row.backup.progress };
  row.visibleAtMs = dueAtMs;
}

function attemptOf({ backupId, attempt }: HeldAttempt): Pick<HeldAttempt, "backupId" | "attempt"> {
  return { backupId, attempt };
}
