// Outbox.
import type { OutboxMessage, OutboxVerdict, Records } from "@manman/core/ports.ts";
import { describe, expect, test, vi } from "vitest";
import type { MakeRecords } from "../records.ts";
import { birthOf, deployedGame, farOffMs, pendingBackup, present } from "./fixtures.ts";

export function outboxConformance(makeRecords: MakeRecords): void {
  describe("outbox", () => {
    relayConformance(makeRecords);
    putOffConformance(makeRecords);
  });
}

function relayConformance(makeRecords: MakeRecords): void {
  test("an empty outbox shows nothing", async () => {
    const records = await makeRecords();
    const send = vi.fn<() => Promise<OutboxVerdict[]>>();
    expect(await records.outbox.relay(10, send)).toBe(0);
    expect(send).not.toHaveBeenCalled();
  });

  test("messages are shown oldest first, up to the limit, and are gone when they were sent", async () => {
    const records = await makeRecords();
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push((await pendingBackup(records)).backupId);
    expect(await relayed(records, 3)).toEqual(ids.slice(0, 3));
    expect(await relayed(records, 3)).toEqual(ids.slice(3));
    expect(await relayed(records, 3)).toEqual([]);
  });

  test("when sending throws, all come back unchanged under the same message ids", async () => {
    const records = await makeRecords();
    await pendingBackup(records);
    await pendingBackup(records);
    let shown: readonly OutboxMessage[] = [];
    const failing = records.outbox.relay(10, async (messages) => {
      shown = messages;
      throw new Error("the broker is away");
    });
    await expect(failing).rejects.toThrow("the broker is away");
    expect(shown).toHaveLength(2);
    let again: readonly OutboxMessage[] = [];
    await records.outbox.relay(10, async (messages) => {
      again = messages;
      return messages.map(() => ({ kind: "sent" }));
    });
    expect(again).toEqual(shown);
  });

  test("a verdict too few is a defect, and all come back", async () => {
    const records = await makeRecords();
    await pendingBackup(records);
    await expect(records.outbox.relay(10, async () => [])).rejects.toThrow("verdicts");
    expect(await relayed(records, 10)).toHaveLength(1);
  });

  test("relays side by side never show the same message", async () => {
    const records = await makeRecords();
    const games = [];
    for (let n = 0; n < 40; n += 1) games.push(await deployedGame(records));
    await records.backups.create(
      games.map((game) => birthOf(game)),
      farOffMs,
    );
    const shown: bigint[] = [];
    const relays = 4;
    let waiting = 0;
    const allAreShown = Promise.withResolvers<void>();
    await Promise.all(
      Array.from(
        { length: relays },
        async () =>
          await records.outbox.relay(10, async (messages) => {
            shown.push(...messages.map(({ outboxId }) => outboxId));
            waiting += 1;
            if (waiting === relays) allAreShown.resolve();
            await allAreShown.promise;
            return messages.map(() => ({ kind: "sent" }));
          }),
      ),
    );
    expect(new Set(shown).size).toBe(40);
    expect(shown).toHaveLength(40);
    expect(await relayed(records, 10)).toEqual([]);
  });
}

function putOffConformance(makeRecords: MakeRecords): void {
  test("what was put off comes back after its wait, the others are gone", async () => {
    const records = await makeRecords();
    const { backupId } = await pendingBackup(records);
    await pendingBackup(records);
    let first: readonly OutboxMessage[] = [];
    await records.outbox.relay(10, async (messages) => {
      first = messages;
      return [{ kind: "put-off", waitMs: 200, reason: "no queue \0" }, { kind: "sent" }];
    });
    expect(await relayed(records, 10)).toEqual([]);
    await vi.waitFor(
      async () => {
        let again: readonly OutboxMessage[] = [];
        await records.outbox.relay(10, async (messages) => {
          again = messages;
          return messages.map(() => ({ kind: "sent" }));
        });
        expect(again).toEqual([{ ...present(first[0]), tries: 1 }]);
        expect(backupIdOf(present(again[0]))).toBe(backupId);
      },
      { timeout: 5_000 },
    );
  });

  test("messages that were put off for a server are due again in their old order once it is there", async () => {
    const records = await makeRecords();
    const [a, b] = [await pendingBackup(records, "host-a"), await pendingBackup(records, "host-b")];
    const later = await pendingBackup(records, "host-a");
    await records.outbox.relay(10, async (messages) =>
      messages.map(({ outboxId }) => ({
        kind: "put-off",
        // The newer one would be due first.
        waitMs: farOffMs - Number(outboxId),
        reason: "no queue",
      })),
    );
    const newest = await pendingBackup(records, "host-a");
    await records.outbox.retryFor(a.serverId);
    expect(await relayed(records, 10)).toEqual([a.backupId, later.backupId, newest.backupId]);
    await records.outbox.retryFor(404n);
    expect(await relayed(records, 10)).toEqual([]);
    await records.outbox.retryFor(b.serverId);
    expect(await relayed(records, 10)).toEqual([b.backupId]);
  });

  test("a retry waits for nobody who has the messages in hand", async () => {
    const records = await makeRecords();
    const { serverId } = await pendingBackup(records);
    await records.outbox.relay(10, async () => [
      { kind: "put-off", waitMs: farOffMs, reason: "no queue" },
    ]);
    await records.outbox.retryFor(serverId);
    await records.outbox.relay(10, async (messages) => {
      await records.outbox.retryFor(serverId);
      return messages.map(() => ({ kind: "sent" }));
    });
    expect(await relayed(records, 10)).toEqual([]);
  });
}

/** The backups whose messages a relay was shown and sent. */
async function relayed(records: Records, limit: number): Promise<bigint[]> {
  const ids: bigint[] = [];
  const count = await records.outbox.relay(limit, async (messages) => {
    ids.push(...messages.map(backupIdOf));
    return messages.map(() => ({ kind: "sent" }));
  });
  expect(count).toBe(ids.length);
  return ids;
}

function backupIdOf({ body }: OutboxMessage): bigint {
  return BigInt((JSON.parse(body) as { backup_id: number }).backup_id);
}
