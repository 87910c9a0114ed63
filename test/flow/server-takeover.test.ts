// A host manager beside another one, and on a rebuilt host: what an operator reads, and what `manman server takeover` does about it.
import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { manman } from "../harness/command-line.ts";
import { runningGame } from "../harness/fleet-games.ts";
import { askedBackup, endedBackup, historyOf, untilBackup } from "../harness/fleet-records.ts";
import { openFleet, type Fleet } from "../harness/fleet.ts";
import { haltedBackup, sixPartsBytes, wayToStore } from "../harness/interrupted-backup.ts";

/** The data directory of another host. */
async function otherHost(fleet: Fleet): Promise<string> {
  const dataDir = join(fleet.scratch, "other-host");
  await mkdir(dataDir);
  return dataDir;
}

test("of two host managers under one name the second ends with the reason, until it is put in the first one's place", async () => {
  // The first one may still take the command of the next attempt, just before it hears of the takeover; it is sent again then.
  const fleet = await openFleet({ controlPlane: { REDISPATCH_SECONDS: "2" } });
  const { s3, variables } = await wayToStore(fleet);
  const { hostManager: first } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  const dataDir = await otherHost(fleet);
  const second = fleet.startHostManager({ HOST_DATA_DIR: dataDir });
  expect((await second.said("the host manager cannot go on"))["why"]).toMatch(
    /another host manager serves server eu-1 under this name, and was seen \d s ago; .*`manman server takeover eu-1`$/,
  );
  expect(await second.ended).toBe(1);

  const backupId = await haltedBackup(fleet, s3, game);
  const environment = { MANMAN_ADDRESS: fleet.address };
  expect(await manman(["server", "takeover", "eu-1"], environment)).toMatchObject({
    exitCode: 2,
    stderr: "manman: taking a server over asks first; without a terminal, say --yes\n",
  });
  expect(await manman(["server", "takeover", "eu-1", "--yes"], environment)).toEqual({
    exitCode: 0,
    stdout:
      "server eu-1 goes to the next host manager that registers as eu-1\n" +
      "running backups that begin again: 1\n",
    stderr: "",
  });
  expect((await first.said("the host manager cannot go on"))["why"]).toContain(
    "server eu-1 was taken over from this host manager; to let it serve again, run `manman server takeover eu-1 --readmit`",
  );
  expect(await first.ended).toBe(1);
  await game.goesOn();

  await cp(join(game.world, ".."), join(dataDir, `gsc-test-${game.sgcId}`), { recursive: true });
  await fleet.startHostManager({ HOST_DATA_DIR: dataDir }).said("ready");
  expect(await endedBackup(fleet, backupId)).toMatchObject({ status: "completed", attempt: 2 });
  expect(await historyOf(fleet, backupId)).toEqual([
    "1 pending",
    "1 running",
    "2 pending",
    "2 running",
    "2 verifying",
    "2 completed",
  ]);
  await game.goesOn();
});

test("a rebuilt host is told that the journal is gone, and serves after the takeover", async () => {
  const fleet = await openFleet();
  const { hostManager } = await fleet.stand();
  const game = await runningGame(fleet);
  await hostManager.end("SIGKILL");
  const dataDir = await otherHost(fleet);
  const rebuilt = async (): Promise<unknown> => {
    const program = fleet.startHostManager({ HOST_DATA_DIR: dataDir });
    const { why } = await program.said("the host manager cannot go on");
    expect(await program.ended).toBe(1);
    return why;
  };
  // Until three heartbeats are missing, the old host manager may be alive.
  await expect
    .poll(rebuilt, { timeout: 30_000 })
    .toMatch(
      /the journal of server eu-1's host manager is not there: this is a new or rebuilt host/,
    );

  const backupId = await askedBackup(fleet, { serverGameConfigId: game.sgcId });
  const taken = await manman(["server", "takeover", "1", "--yes", "--json"], {
    MANMAN_ADDRESS: fleet.address,
  });
  expect(JSON.parse(taken.stdout)).toMatchObject({ server: { name: "eu-1" }, attempts_ended: 0 });
  await cp(join(game.world, ".."), join(dataDir, `gsc-test-${game.sgcId}`), { recursive: true });
  await fleet.startHostManager({ HOST_DATA_DIR: dataDir }).said("ready");
  await untilBackup(fleet, backupId, "is completed", ({ status }) => status === "completed");
  await game.goesOn();
});
