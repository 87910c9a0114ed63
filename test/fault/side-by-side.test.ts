// Two control planes on one database and one broker, one of which is killed in the middle of the work: everything is done, and done once.
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { expect } from "vitest";
import { freePort } from "../../scripts/services/free-ports.ts";
import { deployedGame, makeWorld, runningGame } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import { endedBackup, historyOf } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { nothingIsLeftOpen } from "../harness/interrupted-backup.ts";
import type { Program } from "../harness/program.ts";
import { until } from "../harness/until.ts";
import { story } from "./points/point-tests.ts";

story(
  "forty backups through two control planes, one of them killed, are each completed once and whole",
  async () => {
    const fleet = await openFleet({ hostManager: { PACKERS_MAX: "3" } });
    const port = await freePort();
    const other = fleet.startControlPlane({ PORT: String(port) });
    await fleet.stand();
    await other.said("ready");
    const otherApi = grpcClient(ManManAPI, { address: `127.0.0.1:${port}` });
    fleet.atEnd(async () => otherApi.close());
    const running = await runningGame(fleet);
    const games = await Promise.all(
      Array.from({ length: 39 }, async () => await deployedGame(fleet)),
    );
    await Promise.all(games.map(async (game) => await makeWorld(game, 50_000)));

    const made = await Promise.all(
      [running, ...games].map(async ({ sgcId }, at) => {
        const api = at % 2 === 0 ? fleet.api : otherApi;
        return (await api.createBackup({ serverGameConfigId: sgcId })).backup?.backupId ?? 0n;
      }),
    );
    const completed = async (): Promise<number> => {
      const [row] = await fleet.query<{ n: number }>(
        "select count(*)::int as n from backup where status = 'completed'",
      );
      return row?.n ?? 0;
    };
    const done = await until(
      async () => {
        const count = await completed();
        return count >= 8 && count;
      },
      { what: "a fifth is completed", deadlineMs: 120_000 },
    );
    await other.end("SIGKILL");
    expect(done).toBeLessThan(40);

    for (const backupId of made) {
      const backup = await endedBackup(fleet, backupId);
      expect(backup).toMatchObject({ status: "completed", attempt: 1 });
      expect(await historyOf(fleet, backupId)).toEqual([
        "1 pending",
        "1 running",
        "1 verifying",
        "1 completed",
      ]);
      const key = `backups/${backup.serverGameConfigId}/${backupId}.tar.gz`;
      expect(await storedBytes(fleet, key)).toBe(backup.sizeBytes);
    }
    expect(new Set(made).size).toBe(40);
    // Which of the two the broker gives a report to is chance; that both took part is not.
    expect(reportsTakenBy(other)).toBeGreaterThan(0);
    expect(other.lines.filter(({ msg }) => msg === "attempt checked").length).toBeLessThan(40);
    await nothingIsLeftOpen(fleet);
    await running.goesOn();
  },
);

/** Reports that came to this control plane, whether or not they changed anything. */
function reportsTakenBy({ lines }: Program): number {
  return lines.filter(({ msg }) => msg === "report taken" || msg === "stale report").length;
}
