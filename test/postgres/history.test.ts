// What the database keeps beside the records: the log of transitions, and the order of commands.
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { requestDeletion } from "@manman/core/backup/delete-backup.ts";
import { sendAgain, takeOverExpired } from "@manman/core/backup/take-over.ts";
import { takeReport } from "@manman/core/backup/take-report.ts";
import type { Records } from "@manman/core/ports.ts";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  changed,
  circumstances,
  pendingBackup,
  present,
  rewritten,
  runningBackup,
} from "../conformance/records/fixtures.ts";
import { migratedDatabase, type RecordDatabase } from "./record-database.ts";

let database: RecordDatabase;
let records: Records;
beforeAll(async () => {
  database = await migratedDatabase();
  records = openRecords({ url: database.url });
});
beforeEach(async () => await database.empty());
afterAll(async () => {
  await records.close();
  await database.remove();
});

test("every transition is logged in order, with who and why", async () => {
  const { backupId } = await runningBackup(records);
  await changed(records, backupId, (backup, nowMs) => rewritten(backup, { dueAtMs: nowMs }));
  await changed(records, backupId, (backup, nowMs) =>
    takeOverExpired(backup, circumstances(nowMs)),
  );
  const failure = { code: "source_missing", message: "there is no \0 game" } as const;
  await changed(records, backupId, (backup, nowMs) =>
    rewritten(backup, {
      status: "running",
      upload: { uploadId: "u-2", instanceId: "i" },
      dueAtMs: nowMs,
    }),
  );
  await changed(records, backupId, (backup, nowMs) =>
    takeReport(
      backup,
      { kind: "failed", attempt: 2, failure, retryable: false },
      circumstances(nowMs),
    ),
  );
  await changed(records, backupId, (backup, nowMs) =>
    requestDeletion(backup, circumstances(nowMs)),
  );
  const events = await database.query(
    `select sequence, from_status, to_status, attempt, who, why
    from backup_event where backup_id = $1 order by sequence`,
    [backupId],
  );
  expect(events.map((event) => Object.values(event))).toEqual([
    [1, null, "pending", 1, "caller", "asked for"],
    [2, "pending", "running", 1, "host", "attempt 1 claimed by server 1"],
    [
      3,
      "running",
      "pending",
      2,
      "reconciler",
      "lease_expired: the host manager was silent for more than 60 s",
    ],
    [4, "pending", "running", 2, "reconciler", "a test"],
    [5, "running", "failed", 2, "host", "source_missing: there is no \ufffd game"],
    [6, "failed", "deleting", 2, "caller", "deletion was asked for"],
  ]);
  const [times] = await database.query<{ ordered: boolean }>(
    `select bool_and(at >= before) as ordered
    from (select at, lag(at) over (order by sequence) as before from backup_event) as log`,
  );
  expect(present(times).ordered).toBe(true);
});

test("a change that is no transition leaves no event, however often it comes", async () => {
  const { backupId } = await pendingBackup(records);
  for (let n = 0; n < 3; n += 1) {
    await changed(records, backupId, (backup, nowMs) =>
      sendAgain(
        { ...backup, dueAtMs: nowMs },
        { isOnline: true, problem: "" },
        circumstances(nowMs),
      ),
    );
  }
  const [events] = await database.query("select count(*)::int as n from backup_event");
  expect(events).toEqual({ n: 1 });
  const commands = await database.query(
    "select sequence::int, kind from outbox order by outbox_id",
  );
  expect(commands).toEqual([1, 2, 3, 4].map((sequence) => ({ sequence, kind: "backup" })));
});

test("a command that this release cannot write waits, and holds up no other", async () => {
  await database.query(
    `insert into outbox (server_id, sgc_id, sequence, kind, session_id, recipe)
    values (7, 42, 1, 'start', 5, '{"shape": "of another release"}')`,
  );
  const { backupId } = await pendingBackup(records);
  const shown: string[] = [];
  const count = await records.outbox.relay(10, async (messages) => {
    shown.push(...messages.map(({ body }) => body));
    return messages.map(() => ({ kind: "sent" }));
  });
  expect(count).toBe(1);
  expect(shown).toEqual([expect.stringContaining(`"backup_id":${backupId}`)]);
  const waiting = await database.query(
    "select tries, due_at > now() as later, last_error <> '' as reasoned from outbox",
  );
  expect(waiting).toEqual([{ tries: 1, later: true, reasoned: true }]);
});
