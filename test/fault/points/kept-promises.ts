// What must hold after every fault point, whatever it was.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { expect } from "vitest";
import type { Game } from "../../harness/fleet-games.ts";
import { fetchObject, openUploads, storedBytes } from "../../harness/fleet-objects.ts";
import { endedBackup, historyOf, untilBackup, untilSession } from "../../harness/fleet-records.ts";
import { tickingIn } from "../../harness/fleet-games.ts";
import { processesIn } from "../../harness/strays.ts";
import { until } from "../../harness/until.ts";
import type { Ending } from "./fault-point.ts";
import type { Stage } from "./stage.ts";
import { waitingMessages, type WaitingMessages } from "./waiting-messages.ts";

/** Machines that do much else take their time. */
const untilMs = 120_000;

/** The backup ends as it must, with the object that its record tells of and nothing else. */
export async function backupEnds(stage: Stage, backupId: bigint, ending: Ending): Promise<void> {
  const { fleet } = stage;
  const backup =
    ending.status === "deleted"
      ? await untilBackup(fleet, backupId, "is deleted", ({ status }) => status === "deleted")
      : await endedBackup(fleet, backupId);
  expect(backup).toMatchObject({ status: ending.status });
  const history = await historyOf(fleet, backupId);
  if (ending.status === "completed") {
    expect(backup.attempt).toBeGreaterThanOrEqual(ending.attemptsMin);
    expect(backup.attempt).toBeLessThanOrEqual(ending.attemptsMax);
    expect(history).toEqual(completedHistory(history, backup.attempt));
    await objectIsWhole(stage, backup);
  } else {
    expect(history.at(-1)).toBe(`1 ${ending.status}`);
    expect(await storedBytes(fleet, keyOf(backup))).toBeNull();
  }
}

/** The session comes to its state, with one game that never missed a tick, or with none. */
export async function sessionEnds(
  stage: Stage,
  { sessionId, game }: { readonly sessionId: bigint; readonly game: Game },
  ending: Ending,
): Promise<void> {
  const { fleet } = stage;
  await untilSession(fleet, sessionId, ending.status);
  if (ending.status === "running") {
    const ticking = await tickingIn(game);
    await ticking.goesOn();
    expect(processesIn(game.world)).toEqual([ticking.pid]);
    await fleet.api.stopSession({ sessionId });
    await untilSession(fleet, sessionId, "stopped");
  }
  await until(() => processesIn(game.world).length === 0, {
    what: "nothing of the game is left",
    deadlineMs: untilMs,
  });
}

/** Nothing is stuck or left behind, no program has ended by itself, and every game goes on. */
export async function allIsQuiet(stage: Stage): Promise<void> {
  const { fleet } = stage;
  await stage.isWhole();
  const { deadLetters } = await until(async () => await nothingWaits(stage), {
    what: "outbox, operations and queues are empty",
    deadlineMs: untilMs,
  });
  expect(deadLetters.messages).toBe(0);
  await until(async () => (await openUploads(fleet)).length === 0, {
    what: "no upload is open",
    deadlineMs: untilMs,
  });
  expect(await strangeObjects(stage)).toEqual([]);
  expect(await repeatedRequests(stage)).toEqual([]);
  expect(stage.strayEnds).toEqual([]);
  for (const game of Object.values(stage.games)) await game.goesOn();
}

async function nothingWaits({ fleet }: Stage): Promise<WaitingMessages | undefined> {
  const rows = await fleet.query(
    "select sgc_id from outbox union all select sgc_id from operation",
  );
  const waiting = await waitingMessages(fleet);
  const { reports, commands } = waiting;
  return rows.length + reports.messages + commands.messages === 0 ? waiting : undefined;
}

/** The attempts before the last one may have ended before they were claimed. */
function completedHistory(history: readonly string[], attempts: number): readonly string[] {
  const earlier = Array.from({ length: attempts - 1 }, (_, at) => at + 1).flatMap((attempt) => {
    const running = `${attempt} running`;
    return history.includes(running) ? [`${attempt} pending`, running] : [`${attempt} pending`];
  });
  const last = ["pending", "running", "verifying", "completed"];
  return [...earlier, ...last.map((status) => `${attempts} ${status}`)];
}

function keyOf({ serverGameConfigId, backupId }: Backup): string {
  return `backups/${serverGameConfigId}/${backupId}.tar.gz`;
}

/** It has the recorded size and digest, and both gzip and tar read it to its end. */
async function objectIsWhole({ fleet }: Stage, backup: Backup): Promise<void> {
  const key = keyOf(backup);
  expect(await storedBytes(fleet, key)).toBe(backup.sizeBytes);
  const file = join(fleet.scratch, `fetched-${backup.backupId}.tar.gz`);
  await fetchObject(fleet, key, file);
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  expect(hash.digest("hex")).toBe(backup.archiveSha256);
  const run = promisify(execFile);
  await run("gzip", ["--test", file]);
  const { stdout } = await run("tar", ["--list", "--file", file]);
  expect(stdout.split("\n")).toContain("game/region/r.0.0.mca");
  await rm(file);
}

/** Keys of the bucket that no completed backup owns. */
async function strangeObjects({ fleet }: Stage): Promise<readonly string[]> {
  const { bucket } = fleet;
  const { Contents = [] } = await bucket.client.send(
    new ListObjectsV2Command({ Bucket: bucket.name, Prefix: "backups/" }),
  );
  const owned = await fleet.query<{ object_key: string }>(
    "select object_key from backup where status = 'completed'",
  );
  const keys = new Set(owned.map(({ object_key }) => object_key));
  return Contents.flatMap(({ Key = "" }) => (keys.has(Key) ? [] : [Key]));
}

/** Requests that made more than one backup. */
async function repeatedRequests({ fleet }: Stage): Promise<readonly unknown[]> {
  return await fleet.query(
    "select request_id, count(*) from backup group by request_id having count(*) > 1",
  );
}
