// Two control planes that check the same archive at the same time: one of them does, and neither removes what the other has made of it.
import { grantClaim } from "@manman/core/backup/claim-attempt.ts";
import { defaultBackupLimits } from "@manman/core/backup/limits.ts";
import { takeReport } from "@manman/core/backup/take-report.ts";
import type { Records, UploadControl } from "@manman/core/ports.ts";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { openRecords } from "@manman/adapters/postgres/records.ts";
import { completeBackup, type CompletionNeeds } from "@manman/control-plane/completion.ts";
import { recordedLog } from "@manman/control-plane/recorded-log.ts";
import { circumstancesOf } from "@manman/control-plane/rule-surroundings.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase, type FreshDatabase } from "../harness/fresh-database.ts";
import { until } from "../harness/until.ts";

const circumstances = circumstancesOf(defaultBackupLimits, () => 0);

let database: FreshDatabase;
let records: Records;

beforeAll(async () => {
  database = await freshDatabase();
  await migrate(database.url);
  records = openRecords({ url: database.url });
});

afterAll(async () => {
  await records.close();
  await database.remove();
});

/** A backup that its host has reported as sent, in one part of 100 bytes. */
async function verifyingBackup(name: string): Promise<bigint> {
  const server = await records.servers.register(
    { name, environment: "", capabilities: null, instanceId: null },
    30_000,
  );
  if ("kind" in server) throw new Error("not registered");
  const { serverId } = server;
  const { configId } = await records.games.createConfig({
    gameId: 0n,
    name,
    image: "",
    argsTemplate: "",
    envTemplate: {},
    entrypoint: ["/bin/true"],
    command: [],
  });
  const game = await records.games.deploy({ serverId, configId, portBindings: [] });
  if ("kind" in game) throw new Error("not deployed");
  const birth = { sgcId: game.sgcId, serverId, sessionId: null, description: "", requestId: null };
  const [backup] = await records.backups.create([birth], 30_000);
  if (backup === null || backup === undefined) throw new Error("not created");
  const { backupId } = backup;
  const claim = { serverId, instanceId: "instance-1", attempt: 1 };
  await records.backups.change(backupId, (present, nowMs) =>
    grantClaim(present, claim, "upload-1", circumstances(nowMs)),
  );
  const archive = {
    parts: [{ number: 1, etag: '"e"', sizeBytes: 100 }],
    sizeBytes: 100,
    rawBytes: 0,
    files: 0,
    archiveSha256: "",
    warningCount: 0,
    warnings: [],
    durationMs: 0,
  };
  await records.backups.change(backupId, (present, nowMs) =>
    takeReport(present, { attempt: 1, kind: "completed", archive }, circumstances(nowMs)),
  );
  return backupId;
}

function needs(calls: string[], inspectObject: UploadControl["inspectObject"]): CompletionNeeds {
  return {
    records,
    circumstances,
    log: recordedLog().log,
    clock: systemClock,
    store: {
      completeUpload: async (key) => {
        calls.push(`complete ${key}`);
      },
      inspectObject,
      removeObject: async (key) => {
        calls.push(`remove ${key}`);
      },
      check: async () => {},
    },
  };
}

test("of several that check one archive at the same time, one does", async () => {
  const backupId = await verifyingBackup("together");
  const calls: string[] = [];
  let looks = 0;
  const own = needs(calls, async () => {
    await until(() => looks >= 4, { what: "all four have looked at the record" });
    return { sizeBytes: 100, etag: '"e"' };
  });
  const change: typeof records.backups.change = async (...args) => {
    const outcome = await records.backups.change(...args);
    looks += 1;
    return outcome;
  };
  const watched = { ...own, records: { backups: { ...records.backups, change } } };
  await Promise.all([1, 2, 3, 4].map(async () => await completeBackup(backupId, watched)));
  expect(calls).toHaveLength(1);
  expect((await records.backups.get(backupId))?.status).toBe("completed");
});

test("who has lost the record to another meanwhile removes no object", async () => {
  const backupId = await verifyingBackup("overtaken");
  const calls: string[] = [];
  const slow = needs(calls, async () => {
    // The hold has run out, and another control plane has taken the record.
    await records.backups.change(backupId, (backup, nowMs) => ({
      kind: "change",
      backup: { ...backup, dueAtMs: nowMs + 600_000 },
      who: "reconciler",
      why: "taken by another",
    }));
    return { sizeBytes: 99, etag: '"e"' };
  });
  await completeBackup(backupId, slow);
  expect(calls.filter((call) => call.startsWith("remove"))).toEqual([]);
  expect((await records.backups.get(backupId))?.status).toBe("verifying");
});

/** How long nobody else works on the record, in milliseconds. */
async function heldMs(backupId: bigint): Promise<number> {
  let held = 0;
  await records.backups.change(backupId, ({ dueAtMs }, nowMs) => {
    held = Number(dueAtMs) - nowMs;
    return { kind: "keep", why: "a look" };
  });
  return held;
}

test("who dies while it completes an upload holds the record up for 15 s and no longer", async () => {
  const backupId = await verifyingBackup("dies");
  const death = Promise.withResolvers<never>();
  death.promise.catch(() => {});
  const dying = needs([], async () => await death.promise);
  const completing = completeBackup(backupId, {
    ...dying,
    // A dead process renews nothing.
    clock: { sleep: async () => await new Promise<never>(() => {}) },
  });
  completing.catch(() => {});
  await until(async () => (await heldMs(backupId)) > 0, { what: "the record is held" });
  expect(await heldMs(backupId)).toBeGreaterThan(5_000);
  expect(await heldMs(backupId)).toBeLessThanOrEqual(15_000);
});

test("a completion that takes long keeps its hold, and gives it back with its end", async () => {
  const backupId = await verifyingBackup("long");
  let renewals = 0;
  const change: typeof records.backups.change = async (...args) => {
    const outcome = await records.backups.change(...args);
    if (outcome?.decision.kind === "change" && outcome.record.status === "verifying") renewals += 1;
    return outcome;
  };
  const long = needs([], async () => {
    await until(() => renewals > 3, { what: "the hold is renewed again and again" });
    return { sizeBytes: 100, etag: '"e"' };
  });
  await completeBackup(backupId, {
    ...long,
    clock: { sleep: async (_ms, signal) => await systemClock.sleep(20, signal) },
    records: { backups: { ...records.backups, change } },
  });
  expect((await records.backups.get(backupId))?.status).toBe("completed");
  expect(await heldMs(backupId)).toBeLessThanOrEqual(0);
});
