// Messages that contradict, repeat or make no sense, thrown at running programs: no record and no object changes, and work goes on.
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { publishRaw, takenDeadLetters, type QueuedMessage } from "../harness/broker-queues.ts";
import { runningGame, type RunningGame } from "../harness/fleet-games.ts";
import { storedBytes } from "../harness/fleet-objects.ts";
import { askedBackup, backupOf, endedBackup, historyOf } from "../harness/fleet-records.ts";
import { Fleet, tellLogOfFailure } from "../harness/fleet.ts";
import { until } from "../harness/until.ts";

let fleet: Fleet;
let game: RunningGame;
/** A backup that has completed. */
let backupId: bigint;

beforeAll(async () => {
  fleet = await Fleet.open();
  await fleet.stand();
  game = await runningGame(fleet);
  backupId = await askedBackup(fleet, { sessionId: game.sessionId });
  await endedBackup(fleet, backupId);
});

beforeEach(() => tellLogOfFailure(fleet));

afterAll(async () => {
  await fleet.close();
});

async function publish(routingKey: string, body: string): Promise<void> {
  await publishRaw(fleet.brokerUrl, routingKey, body);
}

/** Everything that a message about the backup could change. */
async function allOfIt(): Promise<unknown> {
  return {
    backup: await backupOf(fleet, backupId),
    history: await historyOf(fleet, backupId),
    row: await fleet.query("select * from backup where backup_id = $1", [backupId]),
    storedBytes: await storedBytes(fleet, `backups/${game.sgcId}/${backupId}.tar.gz`),
  };
}

async function backupIds(): Promise<unknown> {
  return await fleet.query("select backup_id from backup order by backup_id");
}

/** The next backup of the game completes, so that everything before it in the queue was dealt with. */
async function workGoesOn(): Promise<void> {
  const next = await askedBackup(fleet, { sessionId: game.sessionId });
  expect((await endedBackup(fleet, next)).status).toBe("completed");
  await game.goesOn();
}

async function oneDeadLetter(): Promise<QueuedMessage | undefined> {
  const letters = await until(
    async () => {
      const taken = await takenDeadLetters(fleet.brokerUrl);
      return taken.length > 0 && taken;
    },
    { what: "a dead letter", deadlineMs: 30_000 },
  );
  expect(letters).toHaveLength(1);
  return letters[0];
}

test("reports that come again for a completed backup, and contradict the first, change nothing", async () => {
  const before = await allOfIt();
  expect((await backupOf(fleet, backupId)).status).toBe("completed");
  const about = { backup_id: Number(backupId), sgc_id: Number(game.sgcId), server_id: 1 };
  const parts = [{ number: 1, etag: '"other"', size_bytes: 7 }];
  const reports = [
    { ...about, status: "running", attempt: 1 },
    { ...about, status: "completed", size_bytes: 7, parts, attempt: 1 },
    { ...about, status: "completed", size_bytes: 7, parts, attempt: 2 },
    { ...about, status: "failed", error_message: "no", error_code: "store_failed", attempt: 1 },
  ];
  for (const report of reports) {
    await publish(`status.backup.${backupId}`, JSON.stringify(report));
  }
  await workGoesOn();
  expect(await allOfIt()).toEqual(before);
  expect(await takenDeadLetters(fleet.brokerUrl)).toEqual([]);
});

const useless: readonly [what: string, routingKey: string, body: string, reason: RegExp][] = [
  ["malformed JSON", "status.backup.1", '{"backup_id":1,', /^body: not JSON: /],
  [
    "a report of the wrong shape",
    "status.backup.1",
    '{"backup_id":1,"status":"completed","sgc_id":1,"server_id":1,"attempt":1}',
    /^size_bytes: must be there when completed/,
  ],
  [
    "a report for an unknown backup",
    "status.backup.999",
    '{"backup_id":999,"status":"failed","sgc_id":1,"server_id":1,"attempt":1}',
    /^there is no backup 999$/,
  ],
  ["a command that is no JSON", "command.host.1.backup", "back it up", /^body: not JSON: /],
  [
    "a command of the wrong shape",
    "command.host.1.backup",
    '{"command":"backup_session","backup_id":"1"}',
    /backup_id/,
  ],
];

test.each(useless)(
  "%s changes nothing and stands in the dead-letter queue with its reason",
  async (_what, routingKey, body, reason) => {
    const before = [await allOfIt(), await backupIds()];
    await publish(routingKey, body);
    const letter = await oneDeadLetter();
    expect(letter).toMatchObject({ routingKey, body });
    expect(letter?.reason).toMatch(reason);
    expect([await allOfIt(), await backupIds()]).toEqual(before);
  },
);

test("after all of that a backup completes", async () => {
  await workGoesOn();
  expect(await takenDeadLetters(fleet.brokerUrl)).toEqual([]);
});
