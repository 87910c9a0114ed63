// What the reconciler does with attempts whose leases are over while it is not sure that their hosts could reach us.
import type { Backup, BackupDecision } from "@manman/core/backup/backup.ts";
import {
  sampleBackup,
  sampleCircumstances,
  sampleNowMs,
} from "@manman/core/backup/sample-backup.ts";
import type { Records, Rule, UploadControl } from "@manman/core/ports.ts";
import { expect, test } from "vitest";
import { recordedLog } from "./recorded-log.ts";
import { startReconciler } from "./reconciler.ts";
import { workSlots } from "./work-slots.ts";

/** The attempts that one round took away of the one that is due, where leases may be judged or not, time after time it is asked. */
async function takenOver(answers: readonly boolean[]): Promise<readonly BackupDecision["kind"][]> {
  const { log } = recordedLog();
  const backup = sampleBackup("running");
  const decisions: BackupDecision["kind"][] = [];
  const asked = [...answers];
  const slept = Promise.withResolvers<void>();
  const backups = {
    takeDue: async () => [{ backup, host: { isOnline: true, shortage: null } }],
    takeLeftovers: async () => [],
    change: async (_backupId: bigint, rule: Rule<Backup, BackupDecision>) => {
      const decision = rule(backup, sampleNowMs);
      decisions.push(decision.kind);
      return { record: backup, decision };
    },
  };
  const loop = startReconciler({
    // The rest of both is not asked for.
    records: { backups, sessions: { due: async () => [] } } as unknown as Records,
    store: {} as UploadControl,
    slots: workSlots({ runningMax: 1, waitingMax: 10, log }),
    removal: { removeNow: async () => {}, idle: async () => {} },
    wakeRelay: () => {},
    mayExpireLeases: async () => asked.shift() ?? false,
    limits: sampleCircumstances().limits,
    circumstances: () => sampleCircumstances(),
    heartbeatMs: 1_000,
    random: () => 0,
    log,
    clock: {
      nowMs: () => sampleNowMs,
      elapsedMs: () => 0,
      sleep: async (_ms, signal) => {
        slept.resolve();
        await new Promise<void>((resolve) => {
          signal?.addEventListener("abort", () => resolve());
        });
      },
    },
  });
  await slept.promise;
  await loop.stop();
  return decisions;
}

test("an attempt whose lease is over is taken away", async () => {
  expect(await takenOver([true, true])).toEqual(["change"]);
});

test("one that was found while nobody could reach us is left alone", async () => {
  expect(await takenOver([true, false])).toEqual([]);
});
