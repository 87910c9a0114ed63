import { expect, test } from "vitest";
import { decodeEntry, encodeEntry, judgeArrival, type BackupEntry } from "./backup-entry.ts";

const command = {
  kind: "backup",
  sessionId: 123n,
  backupId: 5n,
  s3Key: "backups/42/5.tar.gz",
  sgcId: 42n,
  attempt: 2,
  sequence: 0n,
} as const;
const accepted: BackupEntry = { position: 9, command, state: { kind: "accepted" } };

test.each([
  ["new", 1, "no entry", undefined],
  ["older", 1, "an entry of attempt 2", accepted],
  ["known", 2, "an entry of attempt 2", accepted],
  ["new", 3, "an entry of attempt 2", accepted],
] as const)("%s: a command of attempt %i where there is %s", (arrival, attempt, _, entry) => {
  expect(judgeArrival(entry, { ...command, attempt })).toBe(arrival);
});

test.each<[string, BackupEntry]>([
  ["accepted", accepted],
  [
    "closed",
    { ...accepted, state: { kind: "closed", closedAtMs: 1_700_000_000, why: "reported" } },
  ],
  [
    "reported",
    {
      ...accepted,
      state: {
        kind: "reported",
        report: {
          kind: "status.backup",
          backupId: 5n,
          status: "completed",
          sizeBytes: 3,
          sgcId: 42n,
          serverId: 7n,
          attempt: 2,
          parts: [{ number: 1, etag: '"a"', sizeBytes: 3 }],
          archiveSha256: "0".repeat(64),
          rawBytes: 10,
          files: 2,
          warningCount: 1,
          warnings: ["game/a: changed"],
          durationMs: 12,
        },
      },
    },
  ],
])("an entry that is %s survives its file", (_, entry) => {
  expect(decodeEntry(JSON.stringify(encodeEntry(entry)))).toEqual(entry);
});

test("the file holds the command and the report as they travel", () => {
  expect(encodeEntry(accepted)).toEqual({
    position: 9,
    command: {
      command: "backup_session",
      session_id: 123,
      backup_id: 5,
      s3_key: "backups/42/5.tar.gz",
      sgc_id: 42,
      attempt: 2,
      sequence: 0,
    },
  });
});

test.each([
  ["{", "is not JSON"],
  ['{"position":1}', "at command"],
  ['{"position":1,"command":{"command":"backup_session","backup_id":"5"}}', "command: "],
])("%s is no entry: %s", (text, problem) => {
  expect(decodeEntry(text)).toEqual({ problem: expect.stringContaining(problem) });
});
