// Kill -9 of the packer alone: its host manager says so, and the next attempt succeeds.
import { expect } from "vitest";
import { runningGame } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import { endedBackup, historyOf, untilBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import {
  haltedBackup,
  nothingIsLeftOpen,
  sixPartsBytes,
  wayToStore,
} from "../harness/interrupted-backup.ts";
import { story } from "./points/point-tests.ts";

story("a packer that is killed in mid-upload costs its attempt and no more", async () => {
  const fleet = await openFleet();
  const { s3, variables } = await wayToStore(fleet);
  const { hostManager } = await fleet.stand({ hostManager: variables });
  const game = await runningGame(fleet, sixPartsBytes);
  const backupId = await haltedBackup(fleet, s3, game);

  const packer = await hostManager.said("packer started");
  process.kill(Number(packer["packer_pid"]), "SIGKILL");
  const waiting = await untilBackup(
    fleet,
    backupId,
    "waits for its second attempt",
    ({ status, attempt }) => status === "pending" && attempt === 2,
  );
  expect(waiting.waitingReason).toBe(
    "attempt 2 follows attempt 1, which failed: the packer was ended by SIGKILL",
  );
  await s3.heal();

  const completed = await endedBackup(fleet, backupId);
  expect(completed).toMatchObject({ status: "completed", attempt: 2, errorMessage: "" });
  expect(await historyOf(fleet, backupId)).toEqual([
    "1 pending",
    "1 running",
    "2 pending",
    "2 running",
    "2 verifying",
    "2 completed",
  ]);
  expect(await storedBytes(fleet, `backups/${game.sgcId}/${backupId}.tar.gz`)).toBe(
    completed.sizeBytes,
  );
  await nothingIsLeftOpen(fleet);
  await game.goesOn();
});
