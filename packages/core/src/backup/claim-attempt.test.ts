// Who may work on an attempt.
import { expect, test } from "vitest";
import type { Backup } from "./backup.ts";
import { grantClaim, judgeClaim, type Claim, type ClaimVerdict } from "./claim-attempt.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs } from "./sample-backup.ts";

const claim: Claim = { serverId: 7n, instanceId: "instance-1", attempt: 1 };

test.each<[string, Backup, Partial<Claim>, ClaimVerdict]>([
  ["a pending backup", sampleBackup("pending"), {}, { kind: "open" }],
  ["what it holds already", sampleBackup("running"), {}, { kind: "held", uploadId: "upload-1" }],
  [
    "what another instance holds",
    sampleBackup("running"),
    { instanceId: "instance-2" },
    { kind: "stale", reason: "another host manager holds this attempt" },
  ],
  [
    "an attempt that is over",
    sampleBackup("pending", { attempt: 3 }),
    { attempt: 2 },
    { kind: "stale", reason: "attempt 2 is over; attempt 3 is the present one" },
  ],
  [
    "an attempt that was never",
    sampleBackup("pending"),
    { attempt: 2 },
    { kind: "stale", reason: "attempt 2 is over; attempt 1 is the present one" },
  ],
  [
    "what it has reported already",
    sampleBackup("verifying"),
    {},
    { kind: "stale", reason: "the backup is verifying" },
  ],
  [
    "what is over",
    sampleBackup("completed"),
    {},
    { kind: "stale", reason: "the backup is completed" },
  ],
  [
    "another server's backup",
    sampleBackup("pending"),
    { serverId: 8n },
    {
      kind: "refuse",
      refusal: {
        kind: "failed-precondition",
        why: "backup 5 belongs to server 7, not to server 8",
      },
    },
  ],
])("a host that claims %s", (_what, backup, fields, verdict) => {
  expect(judgeClaim(backup, { ...claim, ...fields })).toEqual(verdict);
});

test("a granted claim starts the lease and records upload and claimer", () => {
  const pending = sampleBackup("pending", { dueTries: 4 });
  expect(grantClaim(pending, claim, "upload-9", sampleCircumstances())).toEqual({
    kind: "change",
    backup: {
      ...pending,
      status: "running",
      statusSinceMs: sampleNowMs,
      upload: { uploadId: "upload-9", instanceId: "instance-1" },
      startedAtMs: sampleNowMs,
      dueAtMs: sampleNowMs + 60_000,
      dueTries: 0,
    },
    who: "host",
    why: "attempt 1 claimed by server 7",
  });
});

test.each([sampleBackup("running"), sampleBackup("pending", { attempt: 2 })])(
  "a claim that comes too late is not granted",
  (backup) => {
    expect(grantClaim(backup, claim, "upload-9", sampleCircumstances())).toEqual({
      kind: "keep",
      why: "claimed meanwhile",
    });
  },
);
