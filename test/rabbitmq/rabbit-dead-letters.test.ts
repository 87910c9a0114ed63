// Dead letters on a real broker: those that it makes itself, those of strangers, and what happens when something breaks in between.
import {
  deadLetterExchange,
  deadLetterQueue,
  exchange,
  hostQueue,
} from "@manman/contract/bus/topology.ts";
import type { DeadLetter } from "@manman/core/dead-letter.ts";
import { Fault } from "@manman/core/fault.ts";
import type { Bus } from "@manman/core/ports.ts";
import { expect, onTestFinished, test } from "vitest";
import { command, Handler, numbers, publishAll, report } from "../conformance/bus.ts";
import { TcpProxy } from "../harness/tcp-proxy.ts";
import { until } from "../harness/until.ts";
import { brokerAddress, connectedBus, onOwnChannel, takeDeadLetters } from "./open-test-bus.ts";

const host = { queue: "host", serverId: 7n } as const;
const reports = { queue: "reports" } as const;

async function givesUp(): Promise<{ kind: "dead-letter"; reason: string }> {
  return { kind: "dead-letter", reason: "no" };
}

async function kept(bus: Bus, count: number): Promise<readonly DeadLetter[]> {
  return await until(
    async () => {
      const { letters } = await bus.listDeadLetters();
      return letters.length === count && letters;
    },
    { what: `${count} dead letters` },
  );
}

test("a replayed letter waits in its host's queue as it was first published, under its message id", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  const consumption = await bus.consume(host, 1, givesUp);
  await bus.publish(command(1));
  const [letter] = await kept(bus, 1);
  await consumption.close();
  expect(letter).toMatchObject({ queue: "host-7-commands", routingKey: "command.host.7.backup" });
  expect(await bus.replayDeadLetter(letter?.deadLetterId ?? "")).toBe("replayed");
  expect(await bus.listDeadLetters()).toEqual({ letters: [], count: 0 });
  const message = await onOwnChannel(url, async (channel) => {
    return await channel.get(hostQueue(7n).name, { noAck: true });
  });
  expect(message).toMatchObject({
    content: Buffer.from(command(1).body),
    fields: { routingKey: "command.host.7.backup", exchange: exchange.name },
    properties: { messageId: "m-1", deliveryMode: 2 },
  });
});

test("a letter whose queue is gone is unroutable and stays, until the queue is there again", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  const consumption = await bus.consume(host, 1, givesUp);
  await bus.publish(command(1));
  const letters = await kept(bus, 1);
  const id = letters[0]?.deadLetterId ?? "";
  await consumption.close();
  await onOwnChannel(url, async (channel) => await channel.deleteQueue(hostQueue(7n).name));
  expect(await bus.replayDeadLetter(id)).toBe("unroutable");
  expect(await bus.listDeadLetters()).toEqual({ letters, count: 1 });
  await bus.declareHostQueue(7n);
  expect(await bus.replayDeadLetter(id)).toBe("replayed");
});

test("what carries a broker's own note of its death is shown with that, and replayed", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  const death = {
    queue: "manman-reports",
    reason: "rejected",
    time: { "!": "timestamp", value: 1_700_000_000 },
  };
  await onOwnChannel(url, async (channel) => {
    const properties = { messageId: "m-1", headers: { "x-death": [death] } };
    const body = Buffer.from(report(1).body);
    channel.publish(deadLetterExchange.name, "status.backup.1", body, properties);
  });
  const [letter] = await kept(bus, 1);
  expect(letter).toMatchObject({
    atMs: 1_700_000_000_000,
    reason: "given up by the broker: rejected",
    queue: "manman-reports",
    routingKey: "status.backup.1",
    messageId: "m-1",
  });
  expect(await bus.replayDeadLetter(letter?.deadLetterId ?? "")).toBe("replayed");
  const seen = new Handler();
  await bus.consume(reports, 1, seen.handle);
  await seen.count(1);
  expect(seen.messages).toEqual([report(1)]);
});

test("a stranger's message with no id and no header, or with odd ones, has an id of ours and can be dropped", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  await onOwnChannel(url, async (channel) => {
    channel.publish(deadLetterExchange.name, "status.backup.1", Buffer.from([0, 255]), {});
    const headers = { "x-manman-time": "soon", "x-manman-reason": 7, "x-manman-queue": ["q"] };
    channel.publish(deadLetterExchange.name, "odd", Buffer.from("{}"), { headers });
  });
  const letters = await kept(bus, 2);
  const plain = { atMs: 0, reason: "", queue: "" };
  expect(letters.toSorted((a, b) => a.bodySizeBytes - b.bodySizeBytes)).toMatchObject([
    { ...plain, messageId: expect.stringMatching(/^unnamed-/) },
    { ...plain, messageId: expect.stringMatching(/^unnamed-/) },
  ]);
  for (const { deadLetterId } of letters) {
    expect(await bus.dropDeadLetter(deadLetterId)).toBe("dropped");
  }
  expect(await bus.listDeadLetters()).toEqual({ letters: [], count: 0 });
});

test("of more letters than can be seen the oldest are shown, and all are counted", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  await onOwnChannel(url, async (channel) => {
    for (const number of numbers(1, 1_020)) {
      channel.publish(deadLetterExchange.name, `status.backup.${number}`, Buffer.from("{}"), {});
    }
  });
  const { letters, count } = await bus.listDeadLetters();
  expect([letters.length, count]).toEqual([1_000, 1_020]);
  expect(letters.map(({ routingKey }) => routingKey)).not.toContain("status.backup.1001");
  const again = await bus.listDeadLetters();
  expect(again.letters).toEqual(letters);
});

test("control planes side by side look one after the other, and none finds a letter missing that is there", async () => {
  const url = await brokerAddress();
  const [one, other] = [await connectedBus(url), await connectedBus(url)];
  await one.consume(reports, 1, givesUp);
  await publishAll(
    one,
    numbers(1, 12).map((number) => report(number)),
  );
  const letters = await kept(one, 12);
  const drops = letters.map(({ deadLetterId }, place) =>
    (place % 2 === 0 ? one : other).dropDeadLetter(deadLetterId),
  );
  expect(await Promise.all(drops)).toEqual(letters.map(() => "dropped"));
});

test("a look that breaks off in the middle loses nothing", async () => {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  const steady = await connectedBus(url);
  await steady.consume(reports, 1, givesUp);
  await publishAll(
    steady,
    numbers(1, 200).map((number) => report(number)),
  );
  const letters = await kept(steady, 200);
  const shaky = await connectedBus(proxy.through(url));
  const looking = shaky.listDeadLetters().catch((error: unknown) => error);
  const queued = async (): Promise<number> =>
    await onOwnChannel(url, async (channel) => {
      return (await channel.checkQueue(deadLetterQueue.name)).messageCount;
    });
  await until(async () => (await queued()) < 200, { what: "letters are in hand" });
  await proxy.cut();
  expect(await looking).toMatchObject({ name: "Fault", kind: "away" });
  expect(await kept(steady, 200)).toEqual(letters);
});

test("a replay whose broker stops answering after the publish leaves the letter, and a copy where it was sent", async () => {
  const url = await brokerAddress();
  const proxy = await TcpProxy.to(url);
  onTestFinished(async () => await proxy.close());
  const steady = await connectedBus(url);
  const consumption = await steady.consume(host, 1, givesUp);
  await steady.publish(command(1));
  const letters = await kept(steady, 1);
  await consumption.close();
  const copies = new Handler();
  const shaky = await connectedBus(proxy.through(url), { answerMs: 1_500, publishMs: 1_500 });
  // The copy's arrival is the moment at which the line is cut: the letter is not acknowledged yet, or its acknowledgement is lost.
  await steady.consume(host, 1, async (delivery) => {
    const cutting = proxy.cut();
    const verdict = await copies.handle(delivery);
    await cutting;
    return verdict;
  });
  const outcome = await shaky
    .replayDeadLetter(letters[0]?.deadLetterId ?? "")
    .catch((error: unknown) => (error instanceof Fault ? error.kind : error));
  await copies.count(1);
  const { letters: left } = await steady.listDeadLetters();
  // Whichever was faster: never is there neither the letter nor its copy.
  expect(["replayed", "away"]).toContain(outcome);
  expect([letters, []]).toContainEqual(left);
  expect(copies.messages[0]).toEqual(command(1));
});

test("taking them all out finds each once", async () => {
  const url = await brokerAddress();
  const bus = await connectedBus(url);
  await bus.consume(reports, 1, givesUp);
  await publishAll(bus, [report(1), report(2)]);
  await kept(bus, 2);
  await kept(bus, 2);
  const ids = (await takeDeadLetters(url)).map(({ properties }) => String(properties.messageId));
  expect(ids.toSorted()).toEqual(["m-1", "m-2"]);
});
