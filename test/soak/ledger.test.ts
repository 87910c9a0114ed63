import { expect, test } from "vitest";
import {
  differencesOf,
  type Asked,
  type AskedBackup,
  type Outcomes,
  type Recorded,
} from "./ledger.ts";

const digest = "ab".repeat(32);

function asked(requestId: string, backupId: bigint | null): AskedBackup {
  const answeredIds = backupId === null ? [] : [backupId];
  return { requestId, sgcId: 7n, answeredIds, isRefused: backupId === null, lostAnswers: 0 };
}

function record(backupId: bigint, requestId: string, status: string): Recorded {
  const isCompleted = status === "completed";
  return {
    backupId,
    sgcId: 7n,
    requestId,
    status,
    attempt: 1,
    errorCode: status === "failed" ? "store_failed" : "",
    objectKey: isCompleted ? `backups/7/${backupId}.tar.gz` : "",
    sizeBytes: isCompleted ? 100n : 0n,
    archiveSha256: isCompleted ? digest : "",
    createdAt: 1_000n,
    finishedAt: 1_010n,
  };
}

function object(backupId: bigint) {
  return { key: `backups/7/${backupId}.tar.gz`, sizeBytes: 100n, sha256: digest };
}

/** One of each kind, and everything as it should be. */
const wholeAsked: Asked = {
  backups: [asked("a", 1n), asked("b", 2n), asked("c", 3n), asked("d", 4n), asked("e", null)],
  changes: [
    { kind: "cancel", backupId: 2n, answer: "yes", lostAnswers: 0 },
    { kind: "delete", backupId: 3n, answer: "yes", lostAnswers: 1 },
    { kind: "cancel", backupId: 4n, answer: "no", lostAnswers: 0 },
  ],
  watches: [{ backupId: 1n, sequences: [1, 2, 3, 4], lastStatus: "completed" }],
};
const whole: Outcomes = {
  records: [
    record(1n, "a", "completed"),
    record(2n, "b", "cancelled"),
    record(3n, "c", "deleted"),
    record(4n, "d", "failed"),
  ],
  objects: [object(1n), { key: "manman/installation.json", sizeBytes: 9n, sha256: "00" }],
  openUploads: [],
  ownKeys: ["manman/installation.json"],
  rowsWaiting: { outbox: 0 },
  messagesWaiting: { "host-1-commands": 0 },
  deadLetters: [],
};

/** The records, with one of them changed. */
function records(backupId: bigint, change: Partial<Recorded>): readonly Recorded[] {
  return whole.records.map((one) => (one.backupId === backupId ? { ...one, ...change } : one));
}

test("ledgers that agree have no differences", () => {
  expect(differencesOf(wholeAsked, whole)).toEqual([]);
});

const broken: readonly [what: string, outcomes: Partial<Outcomes>, ...differences: string[]][] = [
  [
    "a lost record",
    { records: whole.records.filter(({ backupId }) => backupId !== 4n) },
    "request d was acknowledged as backup 4, which has no record",
  ],
  [
    "a record that nobody asked for",
    { records: [...whole.records, record(5n, "z", "failed")] },
    "nobody asked for backup 5",
  ],
  [
    "a second backup of one request",
    { records: [...whole.records, record(5n, "d", "failed")] },
    "request d made 2 backups: 4, 5",
  ],
  [
    "a backup of a refused request",
    { records: [...whole.records, record(5n, "e", "failed")] },
    "request e was refused, and yet made backup 5",
  ],
  [
    "a backup of another game",
    { records: records(4n, { sgcId: 8n }) },
    "backup 4 is of game 8, asked for was 7",
  ],
  ["a stuck backup", { records: records(4n, { status: "running" }) }, "backup 4 is still running"],
  [
    "a cancellation that nobody asked for",
    { records: records(1n, { status: "cancelled" }), objects: whole.objects.slice(1) },
    "backup 1 is cancelled, and nobody asked for that",
    "a watch of backup 1 ended with completed, and it is cancelled",
  ],
  [
    "a deletion that nobody asked for",
    { records: records(4n, { status: "deleted" }) },
    "backup 4 is deleted, and nobody asked for that",
  ],
  [
    "a lost cancellation",
    { records: records(2n, { status: "failed" }) },
    "the cancellation of backup 2 was acknowledged, and it is failed",
  ],
  [
    "a lost deletion",
    { records: records(3n, { status: "failed" }) },
    "the deletion of backup 3 was acknowledged, and it is failed",
  ],
  [
    "a refused cancellation that was carried out",
    { records: records(4n, { status: "cancelled" }) },
    "the cancellation of backup 4 was refused, and it is cancelled",
  ],
  [
    "a watch with another end",
    { records: records(1n, { status: "failed" }), objects: whole.objects.slice(1) },
    "a watch of backup 1 ended with completed, and it is failed",
  ],
  [
    "a lost object",
    { objects: whole.objects.slice(1) },
    "backup 1 is completed, and backups/7/1.tar.gz is not in the bucket",
  ],
  [
    "an object of another size",
    { objects: [{ ...object(1n), sizeBytes: 99n }] },
    "backups/7/1.tar.gz has 99 bytes, recorded are 100",
  ],
  [
    "an object of other bytes",
    { objects: [{ ...object(1n), sha256: "cd" }] },
    "backups/7/1.tar.gz has SHA-256 cd, recorded is " + digest,
  ],
  [
    "an unowned object",
    { objects: [...whole.objects, object(3n)] },
    "no completed record owns backups/7/3.tar.gz",
  ],
  [
    "an open upload",
    { openUploads: ["backups/7/4.tar.gz"] },
    "an upload to backups/7/4.tar.gz is still open",
  ],
  ["work in a table", { rowsWaiting: { outbox: 2 } }, "2 rows stand in table outbox"],
  [
    "messages in a queue",
    { messagesWaiting: { "host-1-commands": 3 } },
    "3 messages wait in host-1-commands",
  ],
  ["a dead letter", { deadLetters: ["status.backup.4"] }, "dead letter: status.backup.4"],
];

test.each(broken)("%s is found", (_, outcomes, ...differences) => {
  expect(differencesOf(wholeAsked, { ...whole, ...outcomes })).toEqual(differences);
});

test("a request that was answered with two backups, or never, is found", () => {
  const twice = { ...asked("a", 1n), answeredIds: [1n, 2n] };
  const never = { ...asked("e", null), isRefused: false };
  const backups = [twice, ...wholeAsked.backups.slice(1, 4), never];
  expect(differencesOf({ ...wholeAsked, backups }, whole)).toEqual([
    "request a was answered with backups 1, 2",
    "request a was acknowledged as backup 2, which has no record",
    "request e was never answered",
  ]);
});

test("a request that was refused after an answer was lost may have made its backup", () => {
  const backups = wholeAsked.backups.with(4, { ...asked("e", null), lostAnswers: 1 });
  const late = [...whole.records, record(5n, "e", "failed")];
  expect(differencesOf({ ...wholeAsked, backups }, { ...whole, records: late })).toEqual([]);
});

test("a watch that missed an event, or heard one twice, is found", () => {
  for (const sequences of [
    [1, 2, 4],
    [1, 2, 2],
  ]) {
    const watches = [{ backupId: 1n, sequences, lastStatus: "completed" }];
    expect(differencesOf({ ...wholeAsked, watches }, whole)).toEqual([
      `a watch of backup 1 heard event ${sequences[2]} as number 3`,
    ]);
  }
});
