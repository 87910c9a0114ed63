// Keeps the reconciler from taking over attempts whose hosts could not reach us: after a gap of our own, leases count again only when
// every host has had one whole lease to renew, and what was reported meanwhile has been taken in.
import type { BackupRecords, Bus, Clock } from "@manman/core/ports.ts";
import type { Health } from "./health.ts";
import type { Log } from "./log.ts";

type Needs = {
  readonly backups: Pick<BackupRecords, "extendLeases">;
  readonly bus: Pick<Bus, "reportsWaiting">;
  readonly health: Pick<Health, "wellSinceMs">;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly log: Log;
};

/** Answers whether leases may be judged now. A start of the process is the end of a gap too. */
export function ownAbsence(needs: Needs): () => Promise<boolean> {
  const { backups, bus, health, clock, leaseMs, log } = needs;
  let knownSinceMs: number | null = null;
  let isDrained = false;
  return async () => {
    const sinceMs = health.wellSinceMs();
    if (sinceMs === null) return false;
    if (sinceMs !== knownSinceMs) {
      await backups.extendLeases(leaseMs);
      knownSinceMs = sinceMs;
      isDrained = false;
      log.info({ lease_ms: leaseMs }, "back after a gap: leases are extended, and judged later");
    }
    if (clock.elapsedMs() - sinceMs < leaseMs) return false;
    isDrained ||= (await bus.reportsWaiting()) === 0;
    return isDrained;
  };
}
