// Backups that nobody claims: their commands are sent again to a host that is there, and a host that never comes ends them.
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { takenFromHost } from "../harness/broker-queues.ts";
import { claimed, createdBackup, deployedGame, hostWithGame, untilStatus } from "./played-host.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({ limits: { redispatchMs: 500, dispatchDeadlineMs: 8_000 } });
});

afterAll(async () => {
  await scene.close();
});

test("the command of an unclaimed backup is sent again to a host that is there, until it is claimed", async () => {
  const host = await hostWithGame(scene, "lost-its-command");
  const backupId = await createdBackup(scene, host);
  const received: number[] = [];
  await until(
    async () => {
      await scene.api.heartbeat({ serverId: host.serverId });
      const taken = await takenFromHost(scene.brokerUrl, host.serverId);
      received.push(...taken.map(({ body }) => Number(JSON.parse(body).backup_id)));
      return received.length >= 2;
    },
    { what: "the command arrives a second time" },
  );
  expect(new Set(received)).toEqual(new Set([Number(backupId)]));
  await claimed(scene, host, backupId);
  expect((await scene.records.backups.get(backupId))?.attempt).toBe(1);
});

test("a backup whose host never comes fails after the dispatch deadline, and frees its game", async () => {
  const { server } = await scene.api.createServer({ name: "never-comes" });
  const { serverId = 0n } = server ?? {};
  const game = { serverId, sgcId: await deployedGame(scene, serverId) };
  const backupId = await createdBackup(scene, game);
  await untilStatus(scene, backupId, "failed", 30_000);
  const { backup } = await scene.api.getBackup({ backupId });
  expect(backup?.errorCode).toBe("host_unavailable");
  expect(backup?.errorMessage).toMatch(
    new RegExp(`^no host manager of server ${serverId} claimed it within `),
  );
  await createdBackup(scene, game);
});
