// Kill -9 of the control plane at the moments that matter: its successor finishes what was begun, once.
import { expect, test } from "vitest";
import { runningGame } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import {
  askedBackup,
  backupOf,
  endedBackup,
  historyOf,
  letTimePass,
  untilBackup,
} from "../harness/fleet-records.ts";
import { openFleet, type Fleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";

const inOneAttempt = ["1 pending", "1 running", "1 verifying", "1 completed"];

async function historyOfWhole(fleet: Fleet, backupId: bigint): Promise<readonly string[]> {
  const { serverGameConfigId, sizeBytes } = await endedBackup(fleet, backupId);
  const key = `backups/${serverGameConfigId}/${backupId}.tar.gz`;
  expect(await storedBytes(fleet, key)).toBe(sizeBytes);
  return await historyOf(fleet, backupId);
}

test("killed between commit and publish, the command goes out from its successor", async () => {
  const fleet = await openFleet();
  const broker = await TcpProxy.to(fleet.brokerUrl);
  fleet.atEnd(async () => await broker.close());
  const reached = { RABBITMQ_URL: broker.through(fleet.brokerUrl) };
  const { controlPlane } = await fleet.stand({ controlPlane: reached });
  const game = await runningGame(fleet);
  await broker.cut();
  const backupId = await askedBackup(fleet, { sessionId: game.sessionId });
  expect((await backupOf(fleet, backupId)).status).toBe("pending");
  await controlPlane.end("SIGKILL");
  expect(await fleet.query("select kind, backup_id from outbox")).toEqual([
    { kind: "backup", backup_id: String(backupId) },
  ]);

  await broker.heal();
  fleet.startControlPlane(reached);
  expect(await historyOfWhole(fleet, backupId)).toEqual(inOneAttempt);
  await game.goesOn();
});

test("killed in mid-upload, for longer than a lease, it takes no attempt away when it is back", async () => {
  const fleet = await openFleet({ controlPlane: { LEASE_SECONDS: "5" } });
  const { s3, variables } = await wayToStore(fleet);
  const { controlPlane, hostManager } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, s3, game);
  await controlPlane.end("SIGKILL");
  await until(
    async () => {
      const [lease] = await fleet.query<{ is_over: boolean }>(
        "select due_at < now() as is_over from backup where backup_id = $1",
        [backupId],
      );
      return lease?.is_over;
    },
    { what: "the lease is over", deadlineMs: 30_000 },
  );
  await s3.heal();
  await hostManager.said("archive sent");

  fleet.startControlPlane();
  expect(await historyOfWhole(fleet, backupId)).toEqual(inOneAttempt);
  await game.goesOn();
});

test("killed while it completes the upload, its successor does", async () => {
  const fleet = await openFleet();
  const ofHost = await wayToStore(fleet);
  const own = await wayToStore(fleet);
  const { controlPlane } = await fleet.stand({
    hostManager: ofHost.variables,
    controlPlane: own.variables,
  });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, ofHost.s3, game);
  own.s3.stall();
  await ofHost.s3.heal();
  await until(async () => (await historyOf(fleet, backupId)).at(-1) === "1 verifying", {
    what: "the host has sent everything",
    deadlineMs: 60_000,
  });
  await controlPlane.end("SIGKILL");
  await own.s3.heal();

  fleet.startControlPlane(own.variables);
  // Nobody else touches the record for a minute after the one who died took it.
  await letTimePass(fleet, backupId, "1 hour");
  expect(await historyOfWhole(fleet, backupId)).toEqual(inOneAttempt);
  await game.goesOn();
});

test("killed while it deletes an object, its successor does", async () => {
  const fleet = await openFleet();
  const { s3, variables } = await wayToStore(fleet);
  const { controlPlane } = await fleet.stand({ controlPlane: variables });
  const game = await runningGame(fleet);
  const backupId = await askedBackup(fleet, { sessionId: game.sessionId });
  await endedBackup(fleet, backupId);
  const key = `backups/${game.sgcId}/${backupId}.tar.gz`;
  await s3.cut();
  await fleet.api.deleteBackup({ backupId });
  expect((await backupOf(fleet, backupId)).status).toBe("deleting");
  await controlPlane.end("SIGKILL");
  expect(await storedBytes(fleet, key)).toBeGreaterThan(0n);
  await s3.heal();

  fleet.startControlPlane(variables);
  await letTimePass(fleet, backupId, "1 hour");
  await untilBackup(fleet, backupId, "is deleted", ({ status }) => status === "deleted");
  expect(await storedBytes(fleet, key)).toBeNull();
});
