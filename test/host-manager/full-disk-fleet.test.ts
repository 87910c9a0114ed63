// A host whose disk is full, as a process on real servers: what ends a game gets through, what is new waits and says why.
import { rm, writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import { deployedGame, startedGame, type RunningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup, untilBackup, untilSession } from "../harness/fleet-records.ts";
import { environmentName, openFleet, serverName, type Fleet } from "../harness/fleet.ts";
import { runProgram } from "../harness/program.ts";

/** A host manager on a small disk of its own, and the path by which others reach that. */
async function onSmallDisk(fleet: Fleet): Promise<string> {
  fleet.startControlPlane();
  const hostManager = runProgram("test/host-manager/small-disk-main.ts", {
    ...fleet.bucket.environment,
    RABBITMQ_URL: fleet.brokerUrl,
    API_ADDRESS: fleet.address,
    SERVER_NAME: serverName,
    ENVIRONMENT: environmentName,
    HOST_DATA_DIR: fleet.dataDir,
  });
  onTestFinished(async () => void (await hostManager.end("SIGKILL")));
  await hostManager.said("ready");
  return `/proc/${hostManager.pid}/root${fleet.dataDir}`;
}

/** The game, whose world lies on that disk. */
async function gameOn(fleet: Fleet, disk: string): Promise<RunningGame> {
  const game = await deployedGame(fleet);
  return await startedGame(fleet, { ...game, world: game.world.replace(fleet.dataDir, disk) });
}

test("on a full disk a stop overtakes the backups and starts that wait for room, which say why and go on when there is some", async () => {
  const fleet = await openFleet({ controlPlane: { REDISPATCH_SECONDS: "1" } });
  const disk = await onSmallDisk(fleet);
  const [first, second, third] = [
    await gameOn(fleet, disk),
    await gameOn(fleet, disk),
    await deployedGame(fleet),
  ];
  const filler = `${disk}/filler`;
  // As a game would: to the last byte that there is.
  await writeFile(filler, Buffer.alloc(64 * 1_048_576)).catch(() => {});

  const backups = [
    await askedBackup(fleet, { sessionId: first.sessionId }),
    await askedBackup(fleet, { sessionId: second.sessionId }),
  ];
  const { session } = await fleet.api.startSession({ serverGameConfigId: third.sgcId });
  const problem =
    /no room for new work: the disk of .*\.manman has \d+\.\d MiB of 64\.0 MiB free, and 1\.0 MiB are needed$/;
  for (const backupId of backups) {
    await untilBackup(fleet, backupId, "says why it waits", ({ waitingReason }) =>
      problem.test(waitingReason),
    );
  }
  expect((await fleet.api.listServers({})).servers).toMatchObject([
    { name: serverName, status: "online", hostProblem: expect.stringMatching(problem) },
  ]);

  await fleet.api.stopSession({ sessionId: first.sessionId });
  await untilSession(fleet, first.sessionId, "stopped");
  for (const backupId of backups) {
    expect((await fleet.api.getBackup({ backupId })).backup?.status).toBe("pending");
  }

  await rm(filler);
  for (const backupId of backups) {
    expect((await endedBackup(fleet, backupId)).status).toBe("completed");
  }
  await untilSession(fleet, session?.sessionId ?? 0n, "running");
  await expect.poll(async () => (await fleet.api.listServers({})).servers[0]?.hostProblem).toBe("");
  await second.goesOn();
});
