import { expect, test } from "vitest";
import {
  backupIdsIn,
  comparedUpTo,
  judgeObjects,
  judgeUploads,
  stillListed,
  type CompletedBackup,
  type KnownBackup,
} from "./bucket-survey.ts";

const hourMs = 3_600_000;
const nowMs = 1_000 * hourMs;
const longAgoMs = nowMs - 2 * hourMs;
const justNowMs = nowMs - hourMs + 1;

function backup(fields: Partial<KnownBackup> = {}): KnownBackup {
  return {
    backupId: 5n,
    objectKey: "backups/42/5.tar.gz",
    status: "completed",
    statusSinceMs: longAgoMs,
    leftoverUploads: [],
    ...fields,
  };
}

function completed(id: number, completedAtMs = longAgoMs): CompletedBackup {
  const objectKey = `backups/42/${id}.tar.gz`;
  return { backupId: BigInt(id), objectKey, sizeBytes: 10, completedAtMs };
}

/** The kinds of what is found about one object. */
function ofObject(objectKey: string, known: readonly KnownBackup[], modifiedAtMs = longAgoMs) {
  const objects = [{ objectKey, sizeBytes: 7, modifiedAtMs }];
  return judgeObjects(objects, [], { nowMs, known }, hourMs);
}

function ofUpload(uploadId: string, known: readonly KnownBackup[], initiatedAtMs = longAgoMs) {
  const uploads = [{ objectKey: "backups/42/5.tar.gz", uploadId, initiatedAtMs }];
  return judgeUploads(uploads, { nowMs, known }, hourMs);
}

test.each([
  ["pending"],
  ["running"],
  ["verifying"],
  ["completed"],
  ["failed"],
  ["cancelled"],
  ["deleting"],
] as const)("the archive and the manifest of a backup that is %s are its own", (status) => {
  expect(ofObject("backups/42/5.tar.gz", [backup({ status })])).toEqual([]);
  expect(ofObject("backups/42/5.manifest.gz", [backup({ status })])).toEqual([]);
});

test("an object that no record bears is unknown, with its size and time", () => {
  expect(ofObject("backups/notes.txt", [])).toEqual([
    {
      kind: "unknown_object",
      objectKey: "backups/notes.txt",
      uploadId: null,
      sizeBytes: 7,
      atMs: longAgoMs,
      backupId: null,
    },
  ]);
});

test.each([
  ["backups/43/5.tar.gz"],
  ["backups/42/5.tar.gz.old"],
  ["backups/42/5.tar.zst"],
  ["backups/42/05.tar.gz"],
  ["backups/42/6.tar.gz"],
])("%s is not the archive of backup 5 of game 42", (objectKey) => {
  expect(ofObject(objectKey, [backup()])).toMatchObject([{ objectKey, backupId: null }]);
});

test("an object that came back after its backup was deleted is unknown, once that is long ago", () => {
  const key = "backups/42/5.tar.gz";
  expect(ofObject(key, [backup({ status: "deleted" })])).toMatchObject([{ backupId: 5n }]);
  expect(ofObject(key, [backup({ status: "deleted", statusSinceMs: justNowMs })])).toEqual([]);
});

test("what is younger than the grace is not reported", () => {
  expect(ofObject("backups/notes.txt", [], justNowMs)).toEqual([]);
  expect(ofUpload("u-1", [], justNowMs)).toEqual([]);
  expect(judgeObjects([], [completed(5, justNowMs)], { nowMs, known: [] }, hourMs)).toEqual([]);
});

test("a completed backup whose archive is not listed is missing it", () => {
  const objects = [{ objectKey: "backups/42/5.tar.gz", sizeBytes: 10, modifiedAtMs: longAgoMs }];
  const known = [backup()];
  const ones = [completed(5), completed(6)];
  expect(judgeObjects(objects, ones, { nowMs, known }, hourMs)).toEqual([
    {
      kind: "missing_object",
      objectKey: "backups/42/6.tar.gz",
      uploadId: null,
      sizeBytes: 10,
      atMs: longAgoMs,
      backupId: 6n,
    },
  ]);
});

test.each([["pending"], ["running"], ["verifying"]] as const)(
  "whatever is open under the key of a backup that is %s is its own",
  (status) => {
    expect(ofUpload("u-1", [backup({ status })])).toEqual([]);
  },
);

test("an upload of a backup that has ended is unknown, unless it waits to be cleared away", () => {
  const ended = { status: "failed" } as const;
  expect(ofUpload("u-1", [backup(ended)])).toMatchObject([
    { kind: "unknown_upload", uploadId: "u-1", sizeBytes: null, backupId: 5n },
  ]);
  expect(ofUpload("u-1", [backup({ ...ended, leftoverUploads: ["u-1"] })])).toEqual([]);
  expect(ofUpload("u-1", [backup({ ...ended, leftoverUploads: [null] })])).toEqual([]);
  expect(ofUpload("u-1", [backup({ ...ended, leftoverUploads: ["u-2"] })])).toHaveLength(1);
  expect(ofUpload("u-1", [backup({ ...ended, statusSinceMs: justNowMs })])).toEqual([]);
});

test("an upload of no backup is unknown", () => {
  expect(ofUpload("u-1", [])).toMatchObject([{ uploadId: "u-1", backupId: null }]);
});

test("an unknown upload that a second listing does not show is gone", () => {
  const findings = ofUpload("u-1", []);
  const objectKey = "backups/42/5.tar.gz";
  const again = (uploadId: string) => [{ objectKey, uploadId, initiatedAtMs: 0 }];
  expect(stillListed(findings, again("u-1"))).toEqual(findings);
  expect(stillListed(findings, again("u-2"))).toEqual([]);
});

test("where there are more completed backups than were read, the comparison ends at the last of them", () => {
  const two = [completed(5), completed(6)];
  expect(comparedUpTo("backups/42/9.tar.gz", two, 3)).toBe("backups/42/9.tar.gz");
  expect(comparedUpTo(null, two, 3)).toBeNull();
  expect(comparedUpTo("backups/42/9.tar.gz", two, 2)).toBe("backups/42/6.tar.gz");
  expect(comparedUpTo(null, two, 2)).toBe("backups/42/6.tar.gz");
});

test("each backup that keys name is asked for once, and ids that no database hands out are not", () => {
  const keys = [
    "backups/42/5.tar.gz",
    "backups/42/5.manifest.gz",
    "backups/42/6.tar.zst",
    "backups/notes.txt",
    "backups/42/9999999999999999999.tar.gz",
  ];
  expect(backupIdsIn(keys.map((objectKey) => ({ objectKey })))).toEqual([5n, 6n]);
});
