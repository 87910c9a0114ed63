// The gateway is cut off or falls silent in the middle of an upload and at its completion: the backup completes once it is back.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runningGame } from "../harness/fleet-games.ts";
import { storedBytes, wholeObject } from "../harness/fleet-objects.ts";
import { backupOf, endedBackup, historyOf, untilBackup } from "../harness/fleet-records.ts";
import { Fleet, openFleet, tellLogOfFailure } from "../harness/fleet.ts";
import {
  haltedBackup,
  nothingIsLeftOpen,
  sixPartsBytes,
  wayToStore,
} from "../harness/interrupted-backup.ts";
import type { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";

let fleet: Fleet;
let ofHost: TcpProxy;
let ofControlPlane: TcpProxy;

beforeAll(async () => {
  fleet = await Fleet.open();
  const host = await wayToStore(fleet);
  const controlPlane = await wayToStore(fleet);
  [ofHost, ofControlPlane] = [host.s3, controlPlane.s3];
  await fleet.stand({ hostManager: host.variables, controlPlane: controlPlane.variables });
});

beforeEach(() => tellLogOfFailure(fleet));

afterAll(async () => {
  await fleet.close();
});

const inOneAttempt = ["1 pending", "1 running", "1 verifying", "1 completed"];

test.each(["falls silent", "breaks every connection"] as const)(
  "a gateway that %s in mid-upload and is soon back costs no attempt",
  async (how) => {
    const game = await runningGame(fleet, sixPartsBytes);
    const backupId = await haltedBackup(fleet, ofHost, game);
    if (how === "breaks every connection") await ofHost.cut();
    await ofHost.heal();
    expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed" });
    expect(await historyOf(fleet, backupId)).toEqual(inOneAttempt);
    expect(await wholeObject(fleet, game.sgcId, backupId)).toBe(true);
    await game.goesOn();
  },
);

test("a gateway that stays away for longer than a packer may stand still costs attempts, and the one after its return completes", async () => {
  const own = await openFleet({ hostManager: { STALL_SECONDS: "10" } });
  const { s3, variables } = await wayToStore(own);
  const { hostManager } = await own.stand({ hostManager: variables });
  const game = await runningGame(own, sixPartsBytes);
  const backupId = await haltedBackup(own, s3, game);
  await s3.cut();
  await hostManager.said("the store is away: the packer waits for it");
  const waiting = await untilBackup(
    own,
    backupId,
    "has lost its first attempt",
    ({ attempt }) => attempt > 1,
  );
  expect(waiting.waitingReason).toContain("which failed: upload backups/");
  expect(waiting.waitingReason).toContain("the store stayed away for 10 s");
  await s3.heal();
  expect(await endedBackup(own, backupId)).toMatchObject({ status: "completed" });
  const { sizeBytes } = await backupOf(own, backupId);
  const key = `backups/${game.sgcId}/${backupId}.tar.gz`;
  expect(await storedBytes(own, key)).toBe(sizeBytes);
  await nothingIsLeftOpen(own);
  await game.goesOn();
});

test.each(["cut", "stall"] as const)(
  "a gateway that is gone when the upload is to be completed (%s) only delays that",
  async (how) => {
    const game = await runningGame(fleet, sixPartsBytes);
    const backupId = await haltedBackup(fleet, ofHost, game);
    await ofControlPlane[how]();
    await ofHost.heal();
    await until(async () => (await historyOf(fleet, backupId)).at(-1) === "1 verifying", {
      what: "the host has sent everything",
      deadlineMs: 60_000,
    });
    const sent = await backupOf(fleet, backupId);
    expect(sent).toMatchObject({ status: "running", s3Url: "" });
    expect(await storedBytes(fleet, `backups/${game.sgcId}/${backupId}.tar.gz`)).toBeNull();
    await ofControlPlane.heal();
    expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed" });
    expect(await historyOf(fleet, backupId)).toEqual(inOneAttempt);
    expect(await wholeObject(fleet, game.sgcId, backupId)).toBe(true);
    await game.goesOn();
  },
);
