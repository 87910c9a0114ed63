// What holds for every rule, whatever state it is shown and whatever it is told.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Backup, BackupDecision } from "./backup.ts";
import { grantClaim, judgeClaim } from "./claim-attempt.ts";
import { concludeBackup, type StoreFinding } from "./complete-backup.ts";
import { concludeDeletion, requestDeletion } from "./delete-backup.ts";
import { backupStatuses, endedBy, mayFollow } from "./lifecycle.ts";
import { defaultBackupLimits } from "./limits.ts";
import { sampleBackup, sampleNowMs, sampleReport } from "./sample-backup.ts";
import { lookLater, sendAgain, takeOverExpired } from "./take-over.ts";
import { takeReport, type BackupReport } from "./take-report.ts";
import type { Circumstances } from "./transition.ts";

/** Few, so that what a rule is told is often about the present attempt; 5 is the last one. */
const anyAttempt = fc.constantFrom(1, 2, 5);

const anyBackup: fc.Arbitrary<Backup> = fc
  .record({
    status: fc.constantFrom(...backupStatuses),
    attempt: anyAttempt,
    dueTries: fc.nat(40),
    dueInMs: fc.integer({ min: -100_000, max: 100_000 }),
    statusAgeMs: fc.integer({ min: 0, max: 2 * defaultBackupLimits.dispatchDeadlineMs }),
  })
  .map(({ status, attempt, dueTries, dueInMs, statusAgeMs }) => {
    const sample = sampleBackup(status);
    return {
      ...sample,
      attempt,
      dueTries: sample.dueAtMs === null ? 0 : dueTries,
      dueAtMs: sample.dueAtMs === null ? null : sampleNowMs + dueInMs,
      statusSinceMs: sampleNowMs - statusAgeMs,
    };
  });

const anyCircumstances: fc.Arbitrary<Circumstances> = fc.record({
  nowMs: fc.integer({ min: sampleNowMs, max: sampleNowMs + 1_000_000 }),
  chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  limits: fc.constant(defaultBackupLimits),
});

const anyClaim = fc.record({
  serverId: fc.constantFrom(7n, 8n),
  instanceId: fc.constantFrom("instance-1", "instance-2"),
  attempt: anyAttempt,
});

const anyReport: fc.Arbitrary<BackupReport> = fc.oneof(
  fc.record({ attempt: anyAttempt, kind: fc.constant("running" as const) }),
  fc.record({
    attempt: anyAttempt,
    kind: fc.constant("completed" as const),
    archive: fc.constant(sampleReport),
  }),
  fc.record({
    attempt: anyAttempt,
    kind: fc.constant("failed" as const),
    failure: fc.constant({ code: "store_failed", message: "reset" } as const),
    retryable: fc.boolean(),
  }),
);

const anyFinding: fc.Arbitrary<StoreFinding> = fc.constantFrom(
  { kind: "object", sizeBytes: sampleReport.sizeBytes } as const,
  { kind: "object", sizeBytes: 1 } as const,
  { kind: "nothing" } as const,
  { kind: "refused", reason: "InvalidPart" } as const,
);

type Rule = (backup: Backup, circumstances: Circumstances) => BackupDecision;

/** Any rule with anything that it may be told; `lookLater` only where somebody works on the record. */
const anyRule: fc.Arbitrary<Rule> = fc.oneof(
  anyClaim.map(
    (claim): Rule =>
      (backup, now) =>
        grantClaim(backup, claim, "upload-2", now),
  ),
  anyReport.map(
    (report): Rule =>
      (backup, now) =>
        takeReport(backup, report, now),
  ),
  fc.tuple(anyAttempt, anyFinding).map(
    ([attempt, finding]): Rule =>
      (backup, now) =>
        concludeBackup(backup, attempt, finding, now),
  ),
  fc.record({ isOnline: fc.boolean(), problem: fc.constantFrom("", "its disk is full") }).map(
    (host): Rule =>
      (backup, now) =>
        sendAgain(backup, host, now),
  ),
  fc.constantFrom<Rule>(takeOverExpired, requestDeletion, concludeDeletion, (backup, now) =>
    endedBy(backup.status) === null
      ? { kind: "keep", why: "it lasts" }
      : lookLater(backup, now, "the store is away"),
  ),
);

/** Holds for every change that any rule answers. */
function everyChange(
  holds: (before: Backup, after: Backup, now: Circumstances, decision: BackupDecision) => void,
): void {
  fc.assert(
    fc.property(anyBackup, anyRule, anyCircumstances, (before, rule, now) => {
      const decision = rule(before, now);
      if (decision.kind === "change") holds(before, decision.backup, now, decision);
    }),
    { numRuns: 5_000 },
  );
}

test("no rule leaves the lifecycle", () => {
  everyChange((before, after) => {
    expect(after.status === before.status || mayFollow(before.status, after.status)).toBe(true);
  });
});

test("no rule lowers the attempt, and none raises it but by one on the way back to pending", () => {
  everyChange((before, after) => {
    const isRetry = after.status === "pending" && before.status !== "pending";
    expect(after.attempt).toBe(before.attempt + (isRetry ? 1 : 0));
    expect(after.attempt).toBeLessThanOrEqual(
      Math.max(before.attempt, defaultBackupLimits.attemptsMax),
    );
  });
});

test("a state that somebody must end has a time to look at it, and no other has", () => {
  everyChange((_before, after) => {
    expect(after.dueAtMs === null).toBe(endedBy(after.status) === null);
  });
});

test("every wait ends: no rule puts the next look off for longer than the longest limit", () => {
  const { attemptBackoff, reconcileBackoff, redispatchMs, leaseMs } = defaultBackupLimits;
  const rarestMs = 16 * redispatchMs;
  const longestMs = Math.max(attemptBackoff.mostMs, reconcileBackoff.mostMs, rarestMs, leaseMs);
  everyChange((_before, after, { nowMs }) => {
    expect((after.dueAtMs ?? nowMs) - nowMs).toBeLessThanOrEqual(longestMs);
  });
});

test("an upload is on record exactly while an attempt is claimed and not over", () => {
  everyChange((_before, after) => {
    expect(after.upload !== null).toBe(after.status === "running" || after.status === "verifying");
  });
});

test("an upload that leaves the record is completed or left over to be aborted", () => {
  everyChange((before, after, _now, decision) => {
    if (before.upload === null || after.upload !== null) return;
    const leftover = decision.kind === "change" ? decision.leftover : undefined;
    expect(leftover?.objectKey).toBe(before.objectKey);
    expect([before.upload.uploadId, null]).toContain(leftover?.uploadId);
  });
});

test("the end is dated exactly when the backup has ended, and never again after", () => {
  everyChange((before, after, { nowMs }) => {
    const hasEnded = !["pending", "running", "verifying"].includes(after.status);
    expect(after.finishedAtMs).toBe(hasEnded ? (before.finishedAtMs ?? nowMs) : null);
  });
});

test("what has ended carries no parts", () => {
  everyChange((before, after) => {
    if (after.finishedAtMs === null || before.finishedAtMs !== null) return;
    expect(after.report?.parts ?? []).toEqual([]);
  });
});

test("only an object of the reported size completes a backup", () => {
  everyChange((before, after, _now, decision) => {
    if (after.status !== "completed") return;
    expect(before.status).toBe("verifying");
    expect(decision).toMatchObject({
      why: `the object exists with the reported ${sampleReport.sizeBytes} bytes`,
    });
  });
});

test("a failed backup says why", () => {
  everyChange((before, after) => {
    if (before.status === "failed" || after.status !== "failed") return;
    expect(after.failure).not.toBeNull();
  });
});

test("the state's age begins anew with the state, and not before", () => {
  everyChange((before, after, { nowMs }) => {
    const isNew = after.status !== before.status;
    expect(after.statusSinceMs).toBe(isNew ? nowMs : before.statusSinceMs);
    expect(isNew ? after.dueTries : 0).toBe(0);
  });
});

test("no rule touches what makes the backup this backup", () => {
  everyChange((before, after) => {
    for (const field of ["backupId", "sgcId", "serverId", "sessionId", "objectKey"] as const) {
      expect(after[field]).toBe(before[field]);
    }
    expect(after.createdAtMs).toBe(before.createdAtMs);
  });
});

test("a command names the attempt that is on record with it", () => {
  everyChange((_before, after, _now, decision) => {
    if (decision.kind !== "change" || decision.command === undefined) return;
    expect(decision.command).toMatchObject({
      kind: "backup",
      backupId: 5n,
      attempt: after.attempt,
    });
  });
});

test("a report or claim of another attempt never changes anything", () => {
  fc.assert(
    fc.property(anyBackup, anyReport, anyClaim, anyCircumstances, (backup, report, claim, now) => {
      fc.pre(report.attempt !== backup.attempt && claim.attempt !== backup.attempt);
      expect(takeReport(backup, report, now).kind).toBe("keep");
      expect(grantClaim(backup, claim, "upload-2", now).kind).toBe("keep");
      expect(["stale", "refuse"]).toContain(judgeClaim(backup, claim).kind);
    }),
  );
});

test("a report that is taken twice changes something at most once", () => {
  fc.assert(
    fc.property(anyBackup, anyReport, anyCircumstances, (backup, report, now) => {
      const first = takeReport(backup, report, now);
      if (first.kind !== "change") return;
      expect(takeReport(first.backup, report, now).kind).toBe("keep");
    }),
  );
});

test("whatever rules come in whatever order, a backup ends within its attempts", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyRule, anyCircumstances), { maxLength: 200 }), (steps) => {
      let backup = sampleBackup("pending");
      for (const [rule, now] of steps) {
        const decision = rule(backup, now);
        if (decision.kind === "change") backup = decision.backup;
      }
      expect(backup.attempt).toBeLessThanOrEqual(defaultBackupLimits.attemptsMax);
    }),
  );
});
