// PostgreSQL itself stops and dies: what is asked meanwhile is UNAVAILABLE and leaves nothing, and what was begun goes on when it is back.
import { expect, onTestFinished, test } from "vitest";
import { bufCurl } from "../harness/buf-curl.ts";
import { runningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup, historyOf } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";
import { privatePostgres } from "../harness/private-postgres.ts";
import { until } from "../harness/until.ts";

const inOneAttempt = ["1 pending", "1 running", "1 verifying", "1 completed"];

test("with PostgreSQL stopped CreateBackup is UNAVAILABLE and nothing is recorded; killed under an upload for longer than a lease, it costs nothing", async () => {
  const postgres = await privatePostgres();
  onTestFinished(postgres.remove);
  const fleet = await openFleet({
    databaseUrl: postgres.url,
    controlPlane: { LEASE_SECONDS: "5" },
  });
  const { s3, variables } = await wayToStore(fleet);
  const { hostManager } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  await postgres.stop();

  const createBackup = JSON.stringify({ session_id: String(game.sessionId) });
  expect(
    await bufCurl(fleet.address, "manman.v1.ManManAPI/CreateBackup", createBackup),
  ).toMatchObject({
    exitCode: 112,
    answer: {
      code: "unavailable",
      message: "the control plane cannot reach what it needs for this; try again",
    },
  });
  await postgres.start();
  expect(await fleet.query("select from backup")).toEqual([]);
  expect(await fleet.query("select from outbox")).toEqual([]);

  const backupId = await until(
    async () => await askedBackup(fleet, { sessionId: game.sessionId }),
    { what: "a backup is taken again", deadlineMs: 30_000 },
  );
  expect((await endedBackup(fleet, backupId)).status).toBe("completed");

  const second = await haltedBackup(fleet, s3, game);
  await postgres.kill();
  const failedHeartbeats = (): number =>
    hostManager.lines.filter(({ msg }) => msg === "heartbeat failed").length;
  const before = failedHeartbeats();
  await until(() => failedHeartbeats() >= before + 5, {
    what: "the host manager has been unheard for longer than a lease",
    deadlineMs: 60_000,
  });
  await s3.heal();
  await postgres.start();
  expect((await endedBackup(fleet, second)).status).toBe("completed");
  expect(await historyOf(fleet, second)).toEqual(inOneAttempt);
  await game.goesOn();
});
