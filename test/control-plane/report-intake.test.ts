// Reports on the real broker: what they change, what comes twice or late, and where those go that nobody can use.
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { takenDeadLetters, type QueuedMessage } from "../harness/broker-queues.ts";
import {
  claimed,
  completedReport,
  createdBackup,
  hostWithGame,
  report,
  reportRaw,
  runningSession,
  sentPart,
  untilStatus,
} from "./played-host.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({ limits: { attemptBackoff: { firstMs: 100, mostMs: 200 } } });
});

afterAll(async () => {
  await scene.close();
});

async function oneDeadLetter(): Promise<QueuedMessage | undefined> {
  const [letter] = await until(
    async () => {
      const taken = await takenDeadLetters(scene.brokerUrl);
      return taken.length > 0 && taken;
    },
    { what: "a dead letter" },
  );
  return letter;
}

test("a completed report makes the backup completed, with the figures of the host and of the store", async () => {
  const host = await hostWithGame(scene, "completed");
  const backupId = await createdBackup(scene, host);
  const claim = await claimed(scene, host, backupId);
  const part = await sentPart(scene, claim, new Uint8Array(1_234));
  await report(scene, completedReport(host, backupId, [part]));
  await untilStatus(scene, backupId, "completed");
  const { backup } = await scene.api.getBackup({ backupId });
  expect(backup).toMatchObject({
    s3Url: `s3://${scene.bucket.name}/backups/${host.sgcId}/${backupId}.tar.gz`,
    sizeBytes: 1_234n,
    rawBytes: 4_000n,
    files: 12n,
    archiveSha256: "ab".repeat(32),
    warningCount: 1,
    warnings: ["game/log changed while it was read"],
    errorMessage: "",
    waitingReason: "",
  });
  expect(Number(backup?.startedAt)).toBeGreaterThan(1_700_000_000);
  expect(Number(backup?.finishedAt)).toBeGreaterThan(1_700_000_000);
  expect(await scene.store.inspectObject(claim.objectKey)).toMatchObject({ sizeBytes: 1_234 });
  expect(await scene.store.listUploads(claim.objectKey)).toEqual([]);
});

test("a report that arrives twice leaves one completed backup and one stale report", async () => {
  const host = await hostWithGame(scene, "twice");
  const backupId = await createdBackup(scene, host);
  const part = await sentPart(scene, await claimed(scene, host, backupId), new Uint8Array(100));
  const message = completedReport(host, backupId, [part]);
  const { stale } = scene.controlPlane.reportCounts;
  await report(scene, message);
  await report(scene, message);
  await untilStatus(scene, backupId, "completed");
  await until(() => scene.controlPlane.reportCounts.stale === stale + 1, {
    what: "the second report is counted as stale",
  });
  const { backups } = await scene.api.listBackups({ serverGameConfigId: host.sgcId });
  expect(backups.map(({ status }) => status)).toEqual(["completed"]);
  expect(await takenDeadLetters(scene.brokerUrl)).toEqual([]);
});

test("a failed report that may be retried begins the next attempt, one that may not ends the backup", async () => {
  const host = await hostWithGame(scene, "failed");
  const backupId = await createdBackup(scene, host);
  await claimed(scene, host, backupId);
  const failed = {
    kind: "status.backup",
    backupId,
    ...host,
    status: "failed",
    errorMessage: "game/world: permission denied",
    errorCode: "source_unreadable",
  } as const;
  await report(scene, { ...failed, attempt: 1, retryable: true });
  await until(async () => (await scene.api.getBackup({ backupId })).backup?.attempt === 2, {
    what: "the second attempt",
  });
  const { backup } = await scene.api.getBackup({ backupId });
  expect(backup).toMatchObject({ status: "pending", errorMessage: "", errorCode: "" });
  await claimed(scene, host, backupId, 2);
  await report(scene, { ...failed, attempt: 1, retryable: false });
  await report(scene, { ...failed, attempt: 2, retryable: false });
  await untilStatus(scene, backupId, "failed");
  expect((await scene.api.getBackup({ backupId })).backup).toMatchObject({
    attempt: 2,
    errorMessage: "game/world: permission denied",
    errorCode: "source_unreadable",
    s3Url: "",
  });
  const objectKey = `backups/${host.sgcId}/${backupId}.tar.gz`;
  await until(async () => (await scene.store.listUploads(objectKey)).length === 0, {
    what: "the uploads of both attempts are aborted",
  });
  await createdBackup(scene, host);
});

const unusable: readonly [string, string, string, string][] = [
  ["malformed JSON", "status.backup.5", '{"backup_id":5,', "body: not JSON: "],
  [
    "a message of the wrong shape",
    "status.backup.5",
    '{"backup_id":5,"status":"completed","sgc_id":42,"server_id":7,"attempt":1}',
    "size_bytes: must be there when completed",
  ],
  [
    "a report for an unknown backup",
    "status.backup.999999",
    '{"backup_id":999999,"status":"running","sgc_id":42,"server_id":7,"attempt":1}',
    "there is no backup 999999",
  ],
  [
    "a report for an unknown session",
    "status.session.999999",
    '{"session_id":999999,"sgc_id":42,"status":"running"}',
    "there is no session 999999",
  ],
  [
    "a report of an unknown server",
    "health.host.999999",
    '{"server_id":999999}',
    "there is no server 999999",
  ],
  ["a routing key of nobody's", "status.weather.5", "{}", "routing key: status.weather.5 is not"],
];

test.each(unusable)(
  "%s changes nothing and stands in the dead-letter queue with its reason",
  async (_what, routingKey, body, reason) => {
    await reportRaw(scene, routingKey, body);
    const letter = await oneDeadLetter();
    expect(letter).toMatchObject({ routingKey, body });
    expect(letter?.reason.startsWith(reason)).toBe(true);
  },
);

test("a report that names another game than the backup's own changes nothing", async () => {
  const host = await hostWithGame(scene, "foreign");
  const other = await hostWithGame(scene, "foreign-other");
  const backupId = await createdBackup(scene, host);
  const part = await sentPart(scene, await claimed(scene, host, backupId), new Uint8Array(10));
  await report(scene, completedReport(other, backupId, [part]));
  const letter = await oneDeadLetter();
  expect(letter?.reason).toBe(`sgc_id: ${other.sgcId} is not ${host.sgcId}, which the record has`);
  expect((await scene.api.getBackup({ backupId })).backup?.status).toBe("running");
});

test("reports about one session are taken in their order, however quickly they come", async () => {
  const host = await hostWithGame(scene, "ordered");
  const { sgcId } = host;
  for (let round = 0; round < 5; round += 1) {
    const { session } = await scene.api.startSession({ serverGameConfigId: sgcId });
    const sessionId = session?.sessionId ?? 0n;
    const about = { kind: "status.session", sessionId, sgcId } as const;
    const reports = [
      report(scene, { ...about, status: "starting" }),
      report(scene, { ...about, status: "running" }),
      report(scene, { ...about, status: "completed", exitCode: 0 }),
    ];
    await Promise.all(reports);
    const ended = await until(
      async () => {
        const shown = await scene.api.getSession({ sessionId });
        return shown.session?.status === "completed" && shown.session;
      },
      { what: "the session has ended" },
    );
    expect(Number(ended.startedAt)).toBeGreaterThan(1_700_000_000);
  }
});

test("a report while the database is away is taken when it is back", async () => {
  const host = await hostWithGame(scene, "database-away");
  const sessionId = await runningSession(scene, host);
  const { sgcId } = host;
  await scene.proxies.database.cut();
  await report(scene, { kind: "status.session", sessionId, sgcId, status: "completed" });
  await until(() => scene.log.some(({ sentence }) => sentence === "the database does not answer"), {
    what: "the outage is noticed",
  });
  expect((await scene.records.sessions.get(sessionId))?.status).toBe("running");
  await scene.proxies.database.heal();
  await until(async () => (await scene.records.sessions.get(sessionId))?.status === "completed", {
    what: "the session has ended",
    deadlineMs: 30_000,
  });
  expect(await takenDeadLetters(scene.brokerUrl)).toEqual([]);
});
