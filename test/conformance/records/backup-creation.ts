// BackupRecords.situations and create.
import { parseCommand } from "@manman/contract/bus/commands.ts";
import type { BackupRequest } from "@manman/core/backup/create-backup.ts";
import { archiveKey } from "@manman/core/object-key.ts";
import { describe, expect, test } from "vitest";
import type { MakeRecords } from "../records.ts";
import {
  birthOf,
  deployedGame,
  farOffMs,
  pendingBackup,
  present,
  startedSession,
  takenMessages,
} from "./fixtures.ts";

export function backupCreationConformance(makeRecords: MakeRecords): void {
  describe("new backups", () => {
    birthConformance(makeRecords);
    conflictConformance(makeRecords);
    situationConformance(makeRecords);
  });
}

function birthConformance(makeRecords: MakeRecords): void {
  test("a birth is a pending backup of attempt 1 that holds the game's operation lock", async () => {
    const records = await makeRecords();
    const game = await deployedGame(records);
    const { sessionId } = await startedSession(records, game.sgcId);
    const birth = birthOf(game, { sessionId, description: "Before update", requestId: "r-1" });
    const [made] = await records.backups.create([birth], 30_000);
    const backup = present(made);
    expect(backup).toEqual({
      backupId: backup.backupId,
      sgcId: game.sgcId,
      sessionId,
      serverId: game.serverId,
      description: "Before update",
      requestId: "r-1",
      status: "pending",
      statusSinceMs: backup.createdAtMs,
      attempt: 1,
      objectKey: archiveKey(game.sgcId, backup.backupId),
      upload: null,
      report: null,
      progress: null,
      failure: null,
      createdAtMs: expect.any(Number),
      startedAtMs: null,
      finishedAtMs: null,
      dueAtMs: backup.createdAtMs + 30_000,
      dueTries: 0,
    });
    expect(await records.backups.get(backup.backupId)).toEqual(backup);
    expect(await records.backups.operation(game.sgcId)).toEqual({
      kind: "backup",
      backupId: backup.backupId,
    });
  });

  test("its command goes to its host, numbered after the game's commands before it", async () => {
    const records = await makeRecords();
    const game = await deployedGame(records);
    const { sessionId } = await startedSession(records, game.sgcId);
    const [made] = await records.backups.create([birthOf(game, { sessionId })], farOffMs);
    const { backupId, objectKey } = present(made);
    const message = present((await takenMessages(records))[1]);
    expect(message.routingKey).toBe(`command.host.${game.serverId}.backup`);
    expect(message.messageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(parseCommand(message.routingKey, message.body)).toEqual({
      ok: true,
      value: {
        kind: "backup",
        sessionId,
        backupId,
        s3Key: objectKey,
        sgcId: game.sgcId,
        attempt: 1,
        sequence: 2n,
      },
    });
  });

  test("a backup without a session says so, and its texts come back as far as they can be kept", async () => {
    const records = await makeRecords();
    const game = await deployedGame(records);
    const description = `it's "quoted", \\ {NULL} ünïcode 🎮 \0 \ud800`;
    const [made] = await records.backups.create([birthOf(game, { description })], farOffMs);
    const backup = present(made);
    expect(backup.sessionId).toBeNull();
    expect(backup.description).toBe(`it's "quoted", \\ {NULL} ünïcode 🎮 \ufffd \ufffd`);
    const [message] = await takenMessages(records);
    expect(JSON.parse(present(message).body)).toMatchObject({ session_id: 0 });
  });

  test("a batch is answered in its own order", async () => {
    const records = await makeRecords();
    const games = [];
    for (let n = 0; n < 64; n += 1) games.push(await deployedGame(records, `host-${n % 3}`));
    const births = games.toReversed().map((game) => birthOf(game));
    const made = await records.backups.create(births, farOffMs);
    expect(made.map((backup) => present(backup).sgcId)).toEqual(births.map(({ sgcId }) => sgcId));
    expect(new Set(made.map((backup) => present(backup).backupId)).size).toBe(64);
    expect(await takenMessages(records)).toHaveLength(64);
  });

  test("an empty batch makes nothing", async () => {
    const records = await makeRecords();
    expect(await records.backups.create([], farOffMs)).toEqual([]);
    expect(await records.backups.situations([])).toEqual([]);
  });
}

function conflictConformance(makeRecords: MakeRecords): void {
  test("a game that is taken gets no second backup, while its batch goes on", async () => {
    const records = await makeRecords();
    const taken = await deployedGame(records);
    const free = await deployedGame(records);
    const [first] = await records.backups.create([birthOf(taken)], farOffMs);
    await takenMessages(records);
    const made = await records.backups.create([birthOf(taken), birthOf(free)], farOffMs);
    expect(made.map((backup) => backup?.sgcId)).toEqual([undefined, free.sgcId]);
    expect(await records.backups.operation(taken.sgcId)).toEqual({
      kind: "backup",
      backupId: present(first).backupId,
    });
    const all = { sgcId: null, sessionId: null, includeDeleted: true };
    expect(await records.backups.list(all, { beforeId: null, limit: 9 })).toHaveLength(2);
    expect(await takenMessages(records)).toHaveLength(1);
  });

  test("of two births for one game in one batch one wins", async () => {
    const records = await makeRecords();
    const game = await deployedGame(records);
    const made = await records.backups.create([birthOf(game), birthOf(game)], farOffMs);
    expect(made.filter((backup) => backup !== null)).toHaveLength(1);
    expect(await takenMessages(records)).toHaveLength(1);
  });

  test("of two births by one request in one batch one wins, and the other leaves its game free", async () => {
    const records = await makeRecords();
    const [a, b] = [await deployedGame(records), await deployedGame(records)];
    const requestId = "r-1";
    const births = [birthOf(a, { requestId }), birthOf(b, { requestId })];
    const made = await records.backups.create(births, farOffMs);
    const winner = present(made.find((backup) => backup !== null));
    expect(made.filter((backup) => backup !== null)).toHaveLength(1);
    const loser = winner.sgcId === a.sgcId ? b : a;
    expect(await records.backups.operation(loser.sgcId)).toBeNull();
  });

  test("a request id that is in use makes nothing and leaves its game free", async () => {
    const records = await makeRecords();
    const [a, b] = [await deployedGame(records), await deployedGame(records)];
    await records.backups.create([birthOf(a, { requestId: "r-1" })], farOffMs);
    const made = await records.backups.create([birthOf(b, { requestId: "r-1" })], farOffMs);
    expect(made).toEqual([null]);
    expect(await records.backups.operation(b.sgcId)).toBeNull();
    expect(await takenMessages(records)).toHaveLength(1);
  });

  test("of many batches with one request id at the same moment one wins", async () => {
    const records = await makeRecords();
    const games = [];
    for (let n = 0; n < 8; n += 1) games.push(await deployedGame(records));
    const made = await Promise.all(
      games.map(
        async (game) =>
          await records.backups.create([birthOf(game, { requestId: "r-1" })], farOffMs),
      ),
    );
    expect(made.flat().filter((backup) => backup !== null)).toHaveLength(1);
    const held = await Promise.all(
      games.map(async ({ sgcId }) => await records.backups.operation(sgcId)),
    );
    expect(held.filter((operation) => operation !== null)).toHaveLength(1);
  });

  test("batches that meet in opposite orders both end", async () => {
    const records = await makeRecords();
    const games = [];
    for (let n = 0; n < 16; n += 1) games.push(await deployedGame(records));
    const births = games.map((game) => birthOf(game));
    const made = await Promise.all([
      records.backups.create(births, farOffMs),
      records.backups.create(births.toReversed(), farOffMs),
      records.backups.create(births, farOffMs),
      records.backups.create(births.toReversed(), farOffMs),
    ]);
    expect(made.flat().filter((backup) => backup !== null)).toHaveLength(16);
    expect(await takenMessages(records)).toHaveLength(16);
  });
}

function situationConformance(makeRecords: MakeRecords): void {
  test("situations are answered in the order of the requests", async () => {
    const records = await makeRecords();
    const busy = await pendingBackup(records);
    const game = await deployedGame(records);
    const session = await startedSession(records, game.sgcId);
    const sessionPart = {
      sessionId: session.sessionId,
      sgcId: game.sgcId,
      status: "pending",
    } as const;
    const requests = [
      bySession(404n),
      bySgc(busy.sgcId),
      bySession(session.sessionId),
      bySgc(405n),
      bySgc(game.sgcId),
    ];
    const nothing = { session: null, game: null, operation: null, earlier: null };
    const gamePart = { sgcId: game.sgcId, serverId: game.serverId };
    expect(await records.backups.situations(requests)).toEqual([
      nothing,
      {
        ...nothing,
        game: { sgcId: busy.sgcId, serverId: busy.serverId },
        operation: { kind: "backup", backupId: busy.backupId },
      },
      { ...nothing, session: sessionPart, game: gamePart },
      nothing,
      { ...nothing, game: gamePart },
    ]);
  });

  test("a request that came before is shown what it made", async () => {
    const records = await makeRecords();
    const game = await deployedGame(records);
    const [made] = await records.backups.create([birthOf(game, { requestId: "r-1" })], farOffMs);
    const [again, other] = await records.backups.situations([
      { ...bySgc(game.sgcId), requestId: "r-1" },
      { ...bySgc(game.sgcId), requestId: "r-2" },
    ]);
    expect(present(again).earlier).toEqual(made);
    expect(present(other).earlier).toBeNull();
  });
}

function bySession(sessionId: bigint): BackupRequest {
  return { target: { by: "session", sessionId }, description: "", requestId: null };
}

function bySgc(sgcId: bigint): BackupRequest {
  return { target: { by: "sgc", sgcId }, description: "", requestId: null };
}
