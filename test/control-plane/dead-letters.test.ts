// Dead letters over the API: seen in pages, sent again, dropped.
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { removedQueue, takenDeadLetters } from "../harness/broker-queues.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene();
});

afterAll(async () => {
  await scene.close();
});

beforeEach(async () => {
  await takenDeadLetters(scene.brokerUrl);
});

/** Makes so many messages that the control plane cannot use into dead letters. */
async function useless(count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1) {
    const routingKey = `status.backup.${number}`;
    await scene.bus.publish({ routingKey, messageId: `m-${number}`, body: "{" });
  }
  await until(async () => (await scene.api.listDeadLetters({})).kept === BigInt(count), {
    what: `${count} dead letters`,
  });
}

test("dead letters are listed oldest first, page by page, each with what is known of it", async () => {
  const startedSeconds = BigInt(Math.floor(Date.now() / 1_000));
  await useless(5);
  const first = await scene.api.listDeadLetters({ pageSize: 2 });
  expect(first).toMatchObject({ kept: 5n, nextPageToken: expect.stringMatching(/./) });
  const second = await scene.api.listDeadLetters({ pageSize: 2, pageToken: first.nextPageToken });
  const last = await scene.api.listDeadLetters({ pageSize: 2, pageToken: second.nextPageToken });
  expect(last.nextPageToken).toBe("");
  const all = [first, second, last].flatMap(({ deadLetters }) => deadLetters);
  const one = all.find(({ messageId }) => messageId === "m-1");
  expect(one).toMatchObject({
    deadLetterId: expect.stringMatching(/^[0-9a-f]{16}$/),
    reason: expect.stringMatching(/^body: not JSON/),
    routingKey: "status.backup.1",
    queue: "manman-reports",
    body: Buffer.from("{"),
    bodySizeBytes: 1n,
  });
  expect(one?.at).toBeGreaterThanOrEqual(startedSeconds);
  expect(all.map(({ messageId }) => messageId).toSorted()).toEqual([
    "m-1",
    "m-2",
    "m-3",
    "m-4",
    "m-5",
  ]);
  expect((await scene.api.listDeadLetters({})).deadLetters).toEqual(all);
});

test("a page goes on where the one before ended although its last letter was dropped", async () => {
  await useless(3);
  const all = (await scene.api.listDeadLetters({})).deadLetters;
  const first = await scene.api.listDeadLetters({ pageSize: 2 });
  const deadLetterId = first.deadLetters[1]?.deadLetterId ?? "";
  await scene.api.dropDeadLetter({ deadLetterId });
  const pageToken = first.nextPageToken;
  const second = await scene.api.listDeadLetters({ pageSize: 2, pageToken });
  expect(second.deadLetters).toEqual(all.slice(2));
  expect(await refused(scene.api.dropDeadLetter({ deadLetterId }))).toMatchObject({
    code: status.NOT_FOUND,
    details: `there is no dead letter ${deadLetterId}`,
  });
});

test("a replayed letter is taken in again; one that is still of no use is a dead letter again", async () => {
  await useless(1);
  const before = (await scene.api.listDeadLetters({})).deadLetters;
  const deadLetterId = before[0]?.deadLetterId ?? "";
  await scene.api.replayDeadLetter({ deadLetterId });
  const after = await until(
    async () => {
      const { deadLetters } = await scene.api.listDeadLetters({});
      return deadLetters.length === 1 && deadLetters;
    },
    { what: "the letter is back" },
  );
  expect(after[0]).toMatchObject({ messageId: "m-1", reason: before[0]?.reason });
  expect(after[0]?.deadLetterId).not.toBe(deadLetterId);
  expect(await refused(scene.api.replayDeadLetter({ deadLetterId }))).toMatchObject({
    code: status.NOT_FOUND,
  });
});

test("a letter for a host without a queue stays", async () => {
  await scene.bus.declareHostQueue(77n);
  const consumption = await scene.bus.consume({ queue: "host", serverId: 77n }, 1, async () => {
    return { kind: "dead-letter", reason: "no" };
  });
  const routingKey = "command.host.77.backup";
  await scene.bus.publish({ routingKey, messageId: "c-1", body: "{}" });
  const [letter] = await until(
    async () => {
      const { deadLetters } = await scene.api.listDeadLetters({});
      return deadLetters.length === 1 && deadLetters;
    },
    { what: "the command is dead" },
  );
  await consumption.close();
  await removedQueue(scene.brokerUrl, "host-77-commands");
  const deadLetterId = letter?.deadLetterId ?? "";
  expect(await refused(scene.api.replayDeadLetter({ deadLetterId }))).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: `no queue takes dead letter ${deadLetterId}: is its host registered? It stays`,
  });
  expect((await scene.api.listDeadLetters({})).deadLetters).toEqual([letter]);
});

test.each([
  ["page_size", async () => await scene.api.listDeadLetters({ pageSize: -1 })],
  ["page_token", async () => await scene.api.listDeadLetters({ pageToken: "x" })],
  ["dead_letter_id", async () => await scene.api.replayDeadLetter({ deadLetterId: "" })],
  ["dead_letter_id", async () => await scene.api.dropDeadLetter({ deadLetterId: "5" })],
])("a wrong %s is named", async (field, call) => {
  expect(await refused(call())).toMatchObject({
    code: status.INVALID_ARGUMENT,
    fieldViolations: [{ field }],
  });
});

test("while the broker is away the calls are UNAVAILABLE", async () => {
  await scene.proxies.broker.cut();
  const unavailable = { code: status.UNAVAILABLE };
  const deadLetterId = "0123456789abcdef";
  const options = { deadlineMs: 40_000 };
  const calls = [
    scene.api.listDeadLetters({}, options),
    scene.api.replayDeadLetter({ deadLetterId }, options),
  ];
  for (const call of calls) expect(await refused(call)).toMatchObject(unavailable);
  await scene.proxies.broker.heal();
});
