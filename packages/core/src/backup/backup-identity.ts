// What of a backup no rule may change. Such a change is a bug, and its answer would be lost without a word.
import type { Backup } from "./backup.ts";

const identity = [
  "backupId",
  "sgcId",
  "serverId",
  "sessionId",
  "requestId",
  "description",
  "objectKey",
  "createdAtMs",
] as const;

/** Throws where a rule has answered with another backup than it was shown. */
export function assertSameIdentity(before: Backup, after: Backup): void {
  for (const field of identity) {
    if (after[field] !== before[field]) {
      throw new Error(`backup ${before.backupId}: a rule changed its ${field}`);
    }
  }
}
