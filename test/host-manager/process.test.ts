// The host manager as the process that operators run: how it ends when it is told to, and what it says of wrong settings.
import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { deployedGame, runningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";
import { runProgram } from "../harness/program.ts";

test("told to end, it does so within ten seconds, and leaves its game and its work", async () => {
  const fleet = await openFleet();
  const { s3, variables } = await wayToStore(fleet);
  const told = { ...variables, LOG_LEVEL: "debug" };
  const { hostManager } = await fleet.stand({ hostManager: told });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, s3, game);
  const packer = Number((await hostManager.said("packer started"))["packer_pid"]);

  const startedMs = performance.now();
  expect(await hostManager.end("SIGTERM")).toBe(0);

  expect(performance.now() - startedMs).toBeLessThan(10_000);
  expect(isAlive(packer)).toBe(false);
  await game.goesOn();
  await s3.heal();
  fleet.startHostManager(told);
  expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed", attempt: 1 });
  await game.goesOn();
});

test("a game whose directory is not there fails its backup with the reason, in one attempt", async () => {
  const fleet = await openFleet();
  await fleet.stand();
  const { sgcId, world } = await deployedGame(fleet);
  const backupId = await askedBackup(fleet, { serverGameConfigId: sgcId });
  const failed = await endedBackup(fleet, backupId);
  expect(failed).toMatchObject({ status: "failed", attempt: 1, errorCode: "source_missing" });
  expect(failed.errorMessage).toContain(world);
});

test("wrong settings end it at once, every one of them named", async () => {
  const host = runProgram("packages/host-manager/src/main.ts", {
    ENVIRONMENT: "a/b",
    PACKERS_MAX: "many",
  });
  onTestFinished(async () => void (await host.end("SIGKILL")));
  expect(await host.ended).toBe(2);
  const said = host.lines.map(({ msg }) => msg).join("\n");
  for (const name of ["RABBITMQ_URL", "S3_BUCKET", "ENVIRONMENT", "PACKERS_MAX"]) {
    expect(said).toContain(name);
  }
});

/** A zombie has ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
