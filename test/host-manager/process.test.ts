// The host manager as a process on real servers: its orderly end, data that is not there, and a configuration that is wrong.
import { expect, test } from "vitest";
import { deployedGame, runningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";
import { runProgram } from "../harness/program.ts";
import { processesIn } from "../harness/strays.ts";

test("a host manager that is told to end does so within ten seconds, and leaves its game and its work", async () => {
  const fleet = await openFleet();
  const { s3, variables } = await wayToStore(fleet);
  const { hostManager } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, s3, game);
  const packer = Number((await hostManager.said("packer started"))["packer_pid"]);

  const startedMs = performance.now();
  expect(await hostManager.end("SIGTERM")).toBe(0);

  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(() => process.kill(packer, 0)).toThrow("ESRCH");
  expect(processesIn(game.world)).toEqual([game.pid]);
  await s3.heal();
  fleet.startHostManager(variables);
  expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed", attempt: 1 });
  await game.goesOn();
});

test("a game whose data is not there fails its backup with the reason", async () => {
  const fleet = await openFleet();
  await fleet.stand();
  const { sgcId } = await deployedGame(fleet);
  const failed = await endedBackup(fleet, await askedBackup(fleet, { serverGameConfigId: sgcId }));
  expect(failed).toMatchObject({ status: "failed", attempt: 1, errorCode: "source_missing" });
  expect(failed.errorMessage).toContain(`gsc-test-${sgcId}/game`);
});

test("wrong configuration ends the program at once, with every mistake", async () => {
  const host = runProgram("packages/host-manager/src/main.ts", {
    ENVIRONMENT: "a/b",
    PACKERS_MAX: "many",
  });
  expect(await host.ended).toBe(2);
  expect(host.lines.map(({ msg }) => msg)).toEqual([
    "the configuration is wrong:",
    "  RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
    "  S3_BUCKET: must be set: bucket that holds the archives",
    expect.stringContaining("  ENVIRONMENT: must be 1 to 63 letters"),
    '  PACKERS_MAX: must be a whole number from 1 to 16, not "many"',
  ]);
});
