// RabbitMQ itself stops: requests are recorded all the same, and go out by themselves when it is back.
import { expect, onTestFinished } from "vitest";
import { bufCurl } from "../harness/buf-curl.ts";
import { runningGame } from "../harness/fleet-games.ts";
import { backupOf, endedBackup, historyOf } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { privateRabbitMq } from "../harness/private-rabbitmq.ts";
import { story } from "./points/point-tests.ts";

const inOneAttempt = ["1 pending", "1 running", "1 verifying", "1 completed"];

story(
  "with RabbitMQ stopped CreateBackup records the request, which completes by itself when it is back",
  async () => {
    const rabbitMq = await privateRabbitMq();
    onTestFinished(rabbitMq.remove);
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
  },
);
