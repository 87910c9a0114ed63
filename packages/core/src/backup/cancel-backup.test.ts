// Calling a backup off.
import { expect, test } from "vitest";
import { requestCancellation } from "./cancel-backup.ts";
import { sampleBackup, sampleCircumstances, sampleNowMs } from "./sample-backup.ts";

test.each(["pending", "running"] as const)(
  "a backup that is %s is cancelled at once, and its uploads are cleared away",
  (status) => {
    const backup = sampleBackup(status);
    const decision = requestCancellation(backup, sampleCircumstances());
    expect(decision).toMatchObject({
      kind: "change",
      backup: { status: "cancelled", upload: null, finishedAtMs: sampleNowMs, dueAtMs: null },
      who: "caller",
      leftover: { objectKey: backup.objectKey, uploadId: null },
    });
  },
);

test("asking again changes nothing", () => {
  expect(requestCancellation(sampleBackup("cancelled"), sampleCircumstances())).toEqual({
    kind: "keep",
    why: "asked for already",
  });
});

test.each([
  [
    "verifying",
    "backup 5 has sent its archive, which is being completed; delete it when it has ended",
  ],
  ["completed", "backup 5 is completed; only a pending or running one can be called off"],
  ["failed", "backup 5 is failed; only a pending or running one can be called off"],
  ["deleting", "backup 5 is deleting; only a pending or running one can be called off"],
  ["deleted", "backup 5 is deleted; only a pending or running one can be called off"],
] as const)("a backup that is %s cannot be called off any more", (status, why) => {
  expect(requestCancellation(sampleBackup(status), sampleCircumstances())).toEqual({
    kind: "refuse",
    refusal: { kind: "failed-precondition", why },
  });
});
