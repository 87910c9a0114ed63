// PostgreSQL itself stops: what is asked meanwhile is UNAVAILABLE and leaves nothing.
import { expect, onTestFinished } from "vitest";
import { bufCurl } from "../harness/buf-curl.ts";
import { runningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { privatePostgres } from "../harness/private-postgres.ts";
import { until } from "../harness/until.ts";
import { story } from "./points/point-tests.ts";

story("with PostgreSQL stopped CreateBackup is UNAVAILABLE, and nothing is recorded", async () => {
  const postgres = await privatePostgres();
  onTestFinished(postgres.remove);
  const fleet = await openFleet({ databaseUrl: postgres.url });
  await fleet.stand();
  const game = await runningGame(fleet);
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
  await game.goesOn();
});
