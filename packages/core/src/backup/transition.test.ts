// Steps that the lifecycle does not have are bugs.
import { expect, test } from "vitest";
import { backupStatuses, mayFollow } from "./lifecycle.ts";
import { sampleBackup, sampleNowMs, sampleReport } from "./sample-backup.ts";
import { advance, withoutParts } from "./transition.ts";

test.each(backupStatuses)("a step from %s that the lifecycle does not have throws", (from) => {
  for (const to of backupStatuses.filter((status) => !mayFollow(from, status))) {
    expect(() => advance(sampleBackup(from), to, sampleNowMs)).toThrow(
      `backup 5: ${from} cannot become ${to}`,
    );
  }
});

test.each(backupStatuses)("a step from %s that it has begins the new state now", (from) => {
  for (const to of backupStatuses.filter((status) => mayFollow(from, status))) {
    const before = sampleBackup(from, { dueTries: 3 });
    expect(advance(before, to, sampleNowMs)).toEqual({
      ...before,
      status: to,
      statusSinceMs: sampleNowMs,
      dueAtMs: null,
      dueTries: 0,
    });
  }
});

test("a report keeps everything but its parts", () => {
  expect(withoutParts(sampleReport)).toEqual({ ...sampleReport, parts: [] });
  expect(withoutParts(null)).toBeNull();
});
