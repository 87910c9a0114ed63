// The event log of a backup as a stream.
import { status } from "@grpc/grpc-js";
import type { WatchBackupResponse } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import {
  claimed,
  completedReport,
  createdBackup,
  hostWithGame,
  madeBackup,
  report,
  sentPart,
} from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene();
});

afterAll(async () => {
  await scene.close();
});

function stepOf({ event }: WatchBackupResponse): string {
  return `${event?.sequence} ${event?.fromStatus}>${event?.toStatus} by ${event?.who}`;
}

async function steps(backupId: bigint, afterSequence = 0): Promise<string[]> {
  const seen: string[] = [];
  for await (const response of scene.api.watchBackup({ backupId, afterSequence })) {
    seen.push(stepOf(response));
  }
  return seen;
}

const whole = [
  "1 >pending by caller",
  "2 pending>running by host",
  "3 running>verifying by host",
  "4 verifying>completed by reconciler",
];

test("a watch tells each change as it happens, and ends with the backup", async () => {
  const host = await hostWithGame(scene, "watched");
  const backupId = await createdBackup(scene, host);
  const seen: string[] = [];
  const watching = (async () => {
    for await (const response of scene.api.watchBackup({ backupId })) seen.push(stepOf(response));
  })();
  await until(() => seen.length === 1, { what: "the birth is told" });
  const claim = await claimed(scene, host, backupId);
  await until(() => seen.length === 2, { what: "the claim is told" });
  const part = await sentPart(scene, claim, new Uint8Array(1_000));
  await report(scene, completedReport(host, backupId, [part]));
  await watching;
  expect(seen).toEqual(whole);
});

test("a watch that broke off goes on after the last sequence that it was told", async () => {
  const backupId = await madeBackup(scene, await hostWithGame(scene, "resumed"));
  expect(await steps(backupId)).toEqual(whole);
  expect(await steps(backupId, 2)).toEqual(whole.slice(2));
  expect(await steps(backupId, 4)).toEqual([]);
});

test("a deleted backup's watch ends with its tombstone, not with its completion", async () => {
  const backupId = await madeBackup(scene, await hostWithGame(scene, "tombstone"));
  await scene.api.deleteBackup({ backupId });
  expect((await steps(backupId)).slice(4)).toEqual([
    "5 completed>deleting by caller",
    "6 deleting>deleted by reconciler",
  ]);
});

test("a backup that never was is NOT_FOUND, and a wrong sequence names its field", async () => {
  expect(await refused(steps(999_999n))).toMatchObject({ code: status.NOT_FOUND });
  expect(await refused(steps(1n, -1))).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field: "after_sequence" }],
  });
});

test("a reader that leaves ends its watch, and others are not disturbed", async () => {
  const host = await hostWithGame(scene, "left");
  const backupId = await createdBackup(scene, host);
  for await (const response of scene.api.watchBackup({ backupId })) {
    expect(stepOf(response)).toBe(whole[0]);
    break;
  }
  const other = steps(backupId);
  await scene.api.cancelBackup({ backupId });
  expect(await other).toEqual([whole[0], "2 pending>cancelled by caller"]);
});
