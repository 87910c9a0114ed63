// Kill -9 of the host manager in the middle of an upload: the backup is completed, or failed with its reason, and the game runs on.
import { expect } from "vitest";
import { runningGame } from "../harness/fleet-games.ts";
import { wholeObject } from "../harness/fleet-objects.ts";
import {
  askedBackup,
  backupOf,
  endedBackup,
  historyOf,
  letTimePass,
  untilBackup,
} from "../harness/fleet-records.ts";
import { openFleet, type Fleet } from "../harness/fleet.ts";
import {
  haltedBackup,
  nothingIsLeftOpen,
  sixPartsBytes,
  wayToStore,
} from "../harness/interrupted-backup.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { story } from "./points/point-tests.ts";

const leaseSeconds = 5;
const shortLease = { LEASE_SECONDS: String(leaseSeconds) };

async function secondAttemptWaits(fleet: Fleet, backupId: bigint): Promise<void> {
  await untilBackup(fleet, backupId, "waits for its second attempt", ({ status, attempt }) => {
    return status === "pending" && attempt === 2;
  });
}

story(
  "killed before the broker has its report, it reports at its next start, and sends nothing a second time",
  async () => {
    const fleet = await openFleet();
    const { s3, variables } = await wayToStore(fleet);
    const broker = await TcpProxy.to(fleet.brokerUrl);
    fleet.atEnd(async () => await broker.close());
    const reached = { ...variables, RABBITMQ_URL: broker.through(fleet.brokerUrl) };
    const { hostManager } = await fleet.stand({ hostManager: reached });
    const game = await runningGame(fleet, sixPartsBytes);
    const backupId = await haltedBackup(fleet, s3, game);
    await broker.cut();
    await s3.heal();
    await hostManager.said("archive sent");
    await hostManager.end("SIGKILL");
    expect((await backupOf(fleet, backupId)).status).toBe("running");

    // Without a way to the store, another upload could not succeed.
    await s3.cut();
    await broker.heal();
    fleet.startHostManager(reached);
    expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await wholeObject(fleet, game.sgcId, backupId)).toBe(true);
    await game.goesOn();
  },
);

story(
  "killed in every attempt it leaves a failed backup that says why, and the game can be backed up again",
  async () => {
    const fleet = await openFleet({ controlPlane: { ...shortLease, ATTEMPTS_MAX: "2" } });
    const { s3, variables } = await wayToStore(fleet);
    const { hostManager } = await fleet.stand({ hostManager: variables });
    const game = await runningGame(fleet, sixPartsBytes);
    const backupId = await haltedBackup(fleet, s3, game);
    await hostManager.end("SIGKILL");
    await secondAttemptWaits(fleet, backupId);
    const second = fleet.startHostManager(variables);
    expect((await second.said("attempt claimed"))["attempt"]).toBe(2);
    await second.end("SIGKILL");

    const failed = await endedBackup(fleet, backupId);
    expect(failed).toMatchObject({
      status: "failed",
      attempt: 2,
      errorCode: "lease_expired",
      errorMessage: `the host manager was silent for more than ${leaseSeconds} s`,
      s3Url: "",
    });
    await game.goesOn();
    await nothingIsLeftOpen(fleet);

    await s3.heal();
    fleet.startHostManager(variables);
    const next = await askedBackup(fleet, { sessionId: game.sessionId });
    expect(await endedBackup(fleet, next)).toMatchObject({ status: "completed", attempt: 1 });
    expect((await backupOf(fleet, backupId)).status).toBe("failed");
    await game.goesOn();
  },
);

story(
  "never started again, it leaves a backup that fails when its time is up, and a late start changes nothing",
  async () => {
    const fleet = await openFleet();
    const { hostManager } = await fleet.stand();
    const game = await runningGame(fleet);
    await hostManager.end("SIGKILL");
    const backupId = await askedBackup(fleet, { sessionId: game.sessionId });
    expect((await backupOf(fleet, backupId)).status).toBe("pending");

    await letTimePass(fleet, backupId, "25 hours");
    expect(await endedBackup(fleet, backupId)).toMatchObject({
      status: "failed",
      attempt: 1,
      errorCode: "host_unavailable",
      errorMessage: expect.stringMatching(
        /^no host manager of server \d+ claimed it within 25\.0 h$/,
      ),
    });

    const late = fleet.startHostManager();
    expect((await late.said("attempt dropped"))["reason"]).toBe("the backup is failed");
    expect(await historyOf(fleet, backupId)).toEqual(["1 pending", "1 failed"]);
    await game.goesOn();
  },
);

story(
  "frozen for longer than its lease, it loses the attempt, and does no harm when it thaws",
  async () => {
    const fleet = await openFleet({ controlPlane: shortLease });
    const { s3, variables } = await wayToStore(fleet);
    const { hostManager } = await fleet.stand({ hostManager: variables });
    const game = await runningGame(fleet, sixPartsBytes);
    const backupId = await haltedBackup(fleet, s3, game);

    process.kill(hostManager.pid, "SIGSTOP");
    await secondAttemptWaits(fleet, backupId);
    // The packer is not frozen, and goes on sending parts of the first attempt.
    await s3.heal();
    process.kill(hostManager.pid, "SIGCONT");

    const completed = await endedBackup(fleet, backupId);
    expect(completed).toMatchObject({ status: "completed" });
    expect(completed.attempt).toBeGreaterThan(1);
    expect(await wholeObject(fleet, game.sgcId, backupId)).toBe(true);
    await nothingIsLeftOpen(fleet);
    expect(await wholeObject(fleet, game.sgcId, backupId)).toBe(true);
    await game.goesOn();
  },
);
