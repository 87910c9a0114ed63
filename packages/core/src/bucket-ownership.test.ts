// Whose bucket it is, and what is told to the operator of any other.
import { expect, test } from "vitest";
import {
  highWaterText,
  highestBackupIn,
  installationIn,
  judgeBucket,
  markerText,
  type BucketFacts,
} from "./bucket-ownership.ts";

const ours: BucketFacts = {
  installationId: "ours",
  highestBackupId: 40n,
  markedBy: "ours",
  bucketHighestBackupId: 40n,
  adopt: null,
};

test.each<[string, Partial<BucketFacts>, string]>([
  ["with our marker and our backups", {}, "ours"],
  ["with our marker alone", { bucketHighestBackupId: null }, "ours"],
  ["that is behind the database", { bucketHighestBackupId: 39n }, "ours"],
  ["that nobody has marked", { markedBy: null, bucketHighestBackupId: null }, "mark"],
  ["whose marker is gone", { markedBy: null }, "mark"],
  ["of another installation", { markedBy: "theirs" }, "refuse"],
  ["of another installation, to be adopted", { markedBy: "theirs", adopt: "theirs" }, "adopt"],
  ["of a third installation", { markedBy: "third", adopt: "theirs" }, "refuse"],
  ["of another installation, told our own id", { markedBy: "theirs", adopt: "ours" }, "refuse"],
  ["that is ahead", { bucketHighestBackupId: 41n }, "refuse"],
  ["that is ahead, to be adopted", { bucketHighestBackupId: 41n, adopt: "ours" }, "adopt"],
  ["that is ahead, without marker", { bucketHighestBackupId: 41n, markedBy: null }, "refuse"],
  ["that was adopted before", { adopt: "theirs" }, "ours"],
])("a bucket %s", (_what, facts, kind) => {
  expect(judgeBucket({ ...ours, ...facts }).kind).toBe(kind);
});

test("the refusal of another's bucket names both, and the way out", () => {
  expect(judgeBucket({ ...ours, markedBy: "theirs" })).toEqual({
    kind: "refuse",
    why:
      "the bucket belongs to installation theirs, and this database is of installation ours; give this control plane a bucket " +
      "of its own, or, when the other installation is gone for good, start it with ADOPT_BUCKET=theirs",
  });
});

test("the refusal of a bucket that is ahead names both ids, and the way out", () => {
  expect(judgeBucket({ ...ours, bucketHighestBackupId: 52n })).toEqual({
    kind: "refuse",
    why:
      "the bucket is ahead of this database: backups up to 52 were begun in it, and the database, which was probably " +
      "restored from an older state, has handed out none after 40; restore a newer state, or start the control plane with " +
      "ADOPT_BUCKET=ours: new backups then begin after 52, and objects that the database does not know stay as they are",
  });
});

test("what is written into the bucket is read back", () => {
  expect(markerText("ours", 1_700_000_000_000)).toBe(
    '{"installation_id":"ours","created_at":1700000000}\n',
  );
  expect(installationIn(markerText("ours", 0))).toBe("ours");
  expect(highWaterText(52n)).toBe('{"highest_backup_id":52}\n');
  expect(highestBackupIn(highWaterText(52n))).toBe(52n);
});

test.each([
  "",
  "{",
  "null",
  "7",
  "[]",
  "{}",
  '{"installation_id":7,"highest_backup_id":"7"}',
  '{"installation_id":"","highest_backup_id":-1}',
])("%j is none of ours", (text) => {
  expect([installationIn(text), highestBackupIn(text)]).toEqual([null, null]);
});
