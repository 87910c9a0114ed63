// The calls of the README, word for word, from a client that knows nothing but the address: server reflection tells it the rest.
import { expect, test } from "vitest";
import { bufCurl, type CurlAnswer } from "../harness/buf-curl.ts";
import { deployedGame, makeWorld, startedGame } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import { endedBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";

test("a backup is asked for, listed and deleted in grpcurl's form", async () => {
  const fleet = await openFleet();
  await fleet.stand();
  await fleet.query(
    `select setval(pg_get_serial_sequence('session', 'session_id'), 122),
       setval(pg_get_serial_sequence('server_game_config', 'sgc_id'), 41),
       setval(pg_get_serial_sequence('backup', 'backup_id'), 4)`,
  );
  const call = async (method: string, data: string): Promise<CurlAnswer> =>
    await bufCurl(fleet.address, `manman.v1.ManManAPI/${method}`, data);
  const createBackup = '{"session_id": 123, "description": "Before update"}';

  expect(await call("CreateBackup", createBackup)).toEqual({
    exitCode: 40,
    answer: { code: "not_found", message: "there is no session 123" },
  });

  const game = await deployedGame(fleet);
  await makeWorld(game, 100_000);
  const running = await startedGame(fleet, game);
  expect([running.sgcId, running.sessionId]).toEqual([42n, 123n]);
  expect(await call("CreateBackup", createBackup)).toMatchObject({
    exitCode: 0,
    answer: {
      backup: {
        backupId: "5",
        sessionId: "123",
        serverGameConfigId: "42",
        description: "Before update",
        status: "pending",
      },
    },
  });

  const completed = await endedBackup(fleet, 5n);
  expect(completed.status).toBe("completed");
  const s3Url = `s3://${fleet.bucket.name}/backups/42/5.tar.gz`;
  const sizeBytes = String(completed.sizeBytes);
  expect(await call("ListBackups", '{"server_game_config_id": 42}')).toMatchObject({
    exitCode: 0,
    answer: { backups: [{ backupId: "5", status: "completed", s3Url, sizeBytes }] },
  });
  expect(await storedBytes(fleet, "backups/42/5.tar.gz")).toBe(completed.sizeBytes);

  expect(await call("DeleteBackup", '{"backup_id": 5}')).toEqual({ exitCode: 0, answer: {} });
  expect(await storedBytes(fleet, "backups/42/5.tar.gz")).toBeNull();
  expect(await call("GetBackup", '{"backup_id": 5}')).toMatchObject({
    exitCode: 0,
    answer: { backup: { backupId: "5", status: "deleted" } },
  });
  expect(await call("ListBackups", '{"server_game_config_id": 42}')).toEqual({
    exitCode: 0,
    answer: {},
  });
  expect(await call("DeleteBackup", '{"backup_id": 5}')).toEqual({ exitCode: 0, answer: {} });
  expect(await call("DeleteBackup", '{"backup_id": 6}')).toEqual({
    exitCode: 40,
    answer: { code: "not_found", message: "there is no backup 6" },
  });
  await running.goesOn();
});
