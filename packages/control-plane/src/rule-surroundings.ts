// What every part that applies rules to backups is given.
import type { BackupLimits } from "@manman/core/backup/limits.ts";
import type { Circumstances } from "@manman/core/backup/transition.ts";
import type { Log } from "./log.ts";

export type RuleSurroundings = {
  /** What a rule is told besides the record; the time is the database's. */
  readonly circumstances: (nowMs: number) => Circumstances;
  readonly log: Log;
};

export function circumstancesOf(
  limits: BackupLimits,
  random: () => number,
): (nowMs: number) => Circumstances {
  return (nowMs) => ({ nowMs, chance: random(), limits });
}
