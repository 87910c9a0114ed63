// Leftovers among records in memory.
import type { BackupRecords } from "@manman/core/ports.ts";
import type { Surroundings } from "./memory-outbox.ts";
import { nextId } from "./memory-tables.ts";

export function memoryLeftovers({
  tables,
  nowMs,
}: Surroundings): Pick<
  BackupRecords,
  "takeLeftovers" | "dropLeftover" | "putOffLeftover" | "addLeftover"
> {
  const { leftovers } = tables;
  return {
    takeLeftovers: async (limit, holdMs) => {
      const due = [...leftovers.values()]
        .filter(({ dueAtMs }) => dueAtMs <= nowMs())
        .toSorted((a, b) => a.dueAtMs - b.dueAtMs || Number(a.leftoverId - b.leftoverId))
        .slice(0, limit);
      for (const row of due) row.dueAtMs = nowMs() + holdMs;
      return due
        .map(({ leftoverId, backupId, objectKey, uploadId, createdAtMs, tries }) => {
          const ageMs = nowMs() - createdAtMs;
          return { leftoverId, backupId, objectKey, uploadId, ageMs, tries };
        })
        .toSorted((a, b) => Number(a.leftoverId - b.leftoverId));
    },
    dropLeftover: async (leftoverId) => {
      leftovers.delete(leftoverId);
    },
    putOffLeftover: async (leftoverId, waitMs) => {
      const row = leftovers.get(leftoverId);
      if (row === undefined) return;
      row.tries += 1;
      row.dueAtMs = nowMs() + waitMs;
    },
    addLeftover: async (backupId, leftover) => {
      const leftoverId = nextId(tables);
      const due = { createdAtMs: nowMs(), dueAtMs: nowMs(), tries: 0 };
      leftovers.set(leftoverId, { ...leftover, ...due, leftoverId, backupId });
    },
  };
}
