// RabbitMQ itself stops and dies: requests are recorded all the same, and what was begun goes on by itself when it is back.
import { expect, onTestFinished, test } from "vitest";
import { bufCurl } from "../harness/buf-curl.ts";
import { runningGame } from "../harness/fleet-games.ts";
import { backupOf, endedBackup, historyOf } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";
import type { PrivateServer } from "../harness/private-server.ts";
import { privateRabbitMq } from "../harness/private-rabbitmq.ts";

const inOneAttempt = ["1 pending", "1 running", "1 verifying", "1 completed"];

async function ownRabbitMq(): Promise<PrivateServer> {
  const server = await privateRabbitMq();
  onTestFinished(server.remove);
  return server;
}

test("with RabbitMQ stopped CreateBackup records the request, which completes by itself when it is back", async () => {
  const rabbitMq = await ownRabbitMq();
  const fleet = await openFleet({ brokerUrl: rabbitMq.url });
  await fleet.stand();
  const game = await runningGame(fleet);
  await rabbitMq.stop();

  const asked = await bufCurl(
    fleet.address,
    "manman.v1.ManManAPI/CreateBackup",
    JSON.stringify({ session_id: String(game.sessionId), description: "Before update" }),
  );
  expect(asked).toMatchObject({ exitCode: 0, answer: { backup: { status: "pending" } } });
  expect((await backupOf(fleet, 1n)).status).toBe("pending");
  expect(await fleet.query("select kind from outbox")).toEqual([{ kind: "backup" }]);

  await rabbitMq.start();
  expect((await endedBackup(fleet, 1n)).status).toBe("completed");
  expect(await historyOf(fleet, 1n)).toEqual(inOneAttempt);
  await game.goesOn();
});

test("with RabbitMQ killed under an upload, the report waits for its return, and the attempt counts", async () => {
  const rabbitMq = await ownRabbitMq();
  const fleet = await openFleet({ brokerUrl: rabbitMq.url });
  const { s3, variables } = await wayToStore(fleet);
  const { hostManager } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, s3, game);
  await rabbitMq.kill();
  await s3.heal();
  await hostManager.said("archive sent");
  expect((await backupOf(fleet, backupId)).status).toBe("running");

  await rabbitMq.start();
  expect((await endedBackup(fleet, backupId)).status).toBe("completed");
  expect(await historyOf(fleet, backupId)).toEqual(inOneAttempt);
  await game.goesOn();
});
