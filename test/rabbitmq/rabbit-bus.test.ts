// The bus on RabbitMQ, against a real broker that stays up.
import { exchange, hostQueue, reportsQueue } from "@manman/contract/bus/topology.ts";
import { Fault } from "@manman/core/fault.ts";
import type { DeliveryVerdict } from "@manman/core/ports.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  busConformance,
  command,
  Handler,
  numbers,
  publishAll,
  report,
} from "../conformance/bus.ts";
import { freshBroker } from "../harness/fresh-broker.ts";
import { until } from "../harness/until.ts";
import {
  brokerAddress,
  connectedBus,
  onOwnChannel,
  openTestBus,
  passes,
  takeDeadLetters,
} from "./open-test-bus.ts";

const away = { name: "Fault", kind: "away" };
const rejected = { name: "Fault", kind: "rejected" };
const host = { queue: "host", serverId: 7n } as const;
const reports = { queue: "reports" } as const;
const done: DeliveryVerdict = { kind: "done" };

describe("the bus on RabbitMQ", () => {
  busConformance(async () => {
    const broker = await freshBroker();
    const bus = openTestBus(broker.url);
    await until(async () => await passes(bus.check()), { what: "the bus is connected" });
    return {
      bus,
      takeDeadLetters: async () =>
        (await takeDeadLetters(broker.url)).map(({ content, fields, properties }) => ({
          routingKey: fields.routingKey,
          messageId: String(properties.messageId),
          body: content.toString(),
          reason: String(properties.headers?.["x-manman-reason"]),
        })),
      remove: broker.remove,
    };
  });
});

describe("publishing", () => {
  test("a command waits for a host that is away", async () => {
    const bus = await connectedBus(await brokerAddress());
    await bus.declareHostQueue(7n);
    expect(await bus.publish(command(1))).toBe("routed");
    const seen = new Handler();
    await bus.consume(host, 1, seen.handle);
    await seen.count(1);
    expect(seen.ids).toEqual(["m-1"]);
  });

  test("a report waits for a control plane that is away", async () => {
    const bus = await connectedBus(await brokerAddress());
    await publishAll(bus, [report(1), report(2)]);
    expect(await bus.reportsWaiting()).toBe(2);
  });

  test("messages are JSON that outlives the broker, under the id that they were given", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    await bus.publish(report(1));
    const message = await onOwnChannel(url, async (channel) => {
      return await channel.get(reportsQueue.name, { noAck: true });
    });
    expect(message).toMatchObject({
      properties: { messageId: "m-1", deliveryMode: 2, contentType: "application/json" },
    });
  });

  test("the same id twice at once, one routed and one not, is told apart", async () => {
    const bus = await connectedBus(await brokerAddress());
    await bus.declareHostQueue(7n);
    const pairs = numbers(1, 50).map(async (number) => {
      const there = bus.publish(command(number));
      const nowhere = bus.publish(command(number, 8n));
      return [await there, await nowhere];
    });
    for (const pair of await Promise.all(pairs)) expect(pair).toEqual(["routed", "unroutable"]);
  });

  test("more messages than may be on their way wait for their turn", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url, { unconfirmedMax: 4 });
    await publishAll(
      bus,
      numbers(1, 500).map((number) => report(number)),
    );
    expect(await bus.reportsWaiting()).toBe(500);
  });

  test("a line that is full refuses at once", async () => {
    const bus = await connectedBus(await brokerAddress(), { unconfirmedMax: 1, waitingMax: 1 });
    const outcomes = await Promise.allSettled(numbers(1, 3).map((n) => bus.publish(report(n))));
    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "fulfilled" },
      { status: "rejected", reason: away },
    ]);
  });

  test("a queue that is full is away, and the message is not in it", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    await bus.declareHostQueue(7n);
    for (let sent = 0; sent < 10_000; sent += 1_000) {
      await publishAll(
        bus,
        numbers(sent + 1, sent + 1_000).map((number) => command(number)),
      );
    }
    // The broker may take a few more before it notices.
    await until(async () => !(await passes(bus.publish(command(0)))), { what: "a refusal" });
    await expect(bus.publish(command(0))).rejects.toMatchObject(away);
  });

  test("a message that is too large, or cannot be addressed, is rejected before it is sent", async () => {
    const bus = await connectedBus(await brokerAddress(), { bodyBytesMax: 100 });
    const large = { ...report(1), body: "x".repeat(101) };
    await expect(bus.publish(large)).rejects.toMatchObject(rejected);
    const nameless = { ...report(1), messageId: "" };
    await expect(bus.publish(nameless)).rejects.toMatchObject(rejected);
    const far = { ...report(1), routingKey: "x".repeat(256) };
    await expect(bus.publish(far)).rejects.toMatchObject(rejected);
    expect(await bus.publish(report(2))).toBe("routed");
  });

  test("an exchange that somebody deleted is declared again", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    await onOwnChannel(url, async (channel) => await channel.deleteExchange(exchange.name));
    await expect(bus.publish(report(1))).rejects.toMatchObject(away);
    await until(async () => (await bus.publish(report(1))) === "routed", { what: "a route" });
  });
});

describe("dead letters", () => {
  test("carry the reason, the queue, the routing key, the id and the time", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    await bus.consume(reports, 1, async () => ({ kind: "dead-letter", reason: "not\nJSON" }));
    await bus.publish({ routingKey: "status.backup.5", messageId: "m-5", body: "{" });
    const [letter] = await until(
      async () => {
        const letters = await takeDeadLetters(url);
        return letters.length > 0 && letters;
      },
      { what: "the dead letter" },
    );
    expect(letter?.content.toString()).toBe("{");
    expect(letter?.fields.routingKey).toBe("status.backup.5");
    expect(letter?.properties.messageId).toBe("m-5");
    expect(letter?.properties.headers).toMatchObject({
      "x-manman-reason": "not JSON",
      "x-manman-queue": "manman-reports",
      "x-manman-routing-key": "status.backup.5",
      "x-manman-message-id": "m-5",
      "x-manman-time": "2026-09-21T14:13:20.000Z",
    });
  });

  test("a stranger's message without an id gets one, the same each time", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    const seen = new Handler();
    seen.throwNext(new Error("no"));
    await bus.consume(reports, 1, seen.handle);
    await onOwnChannel(url, async (channel) => {
      channel.publish(exchange.name, "status.backup.5", Buffer.from([0xff, 0xfe]));
      await Promise.resolve();
    });
    await seen.count(2);
    expect(new Set(seen.ids).size).toBe(1);
    expect(seen.ids[0]).toMatch(/^unnamed-[0-9a-f]{64}$/);
  });

  test("one that no queue takes keeps its message where it is", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    await onOwnChannel(url, async (channel) => await channel.deleteQueue("manman-dead-letters"));
    const seen = new Handler();
    const consumption = await bus.consume(reports, 1, async (delivery) => {
      await seen.handle(delivery);
      return { kind: "dead-letter", reason: "no" };
    });
    await bus.publish(report(1));
    await seen.count(1);
    await consumption.close();
    await until(async () => (await bus.reportsWaiting()) === 1, { what: "the report is back" });
    expect(seen.ids).toEqual(["m-1"]);
  });
});

describe("holding", () => {
  test("a message held for too long goes back to its queue and comes again", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url, { holdMs: 100 });
    const seen = new Handler();
    seen.throwAlways(new Fault("away", "no database"));
    await bus.consume(host, 1, seen.handle);
    await bus.publish(command(1));
    await bus.publish(command(2));
    const channels = new Set<number>();
    await until(
      async () => {
        const message = await onOwnChannel(url, async (channel) => {
          return await channel.checkQueue(hostQueue(7n).name);
        });
        channels.add(message.messageCount);
        return channels.has(2) && seen.ids.length > 20;
      },
      { what: "both messages wait while nobody holds one" },
    );
    seen.throwAlways(undefined);
    await until(() => seen.finished >= 2, { what: "both are taken" });
    expect(new Set(seen.ids.slice(0, -1))).toEqual(new Set(["m-1"]));
    expect(seen.ids.at(-1)).toBe("m-2");
    expect(await takeDeadLetters(url)).toEqual([]);
  });
});

describe("subscriptions", () => {
  test("a queue that is deleted under its consumer is made again", async () => {
    const url = await brokerAddress();
    const bus = await connectedBus(url);
    const seen = new Handler();
    await bus.consume(host, 1, seen.handle);
    await onOwnChannel(url, async (channel) => await channel.deleteQueue(hostQueue(7n).name));
    await until(async () => (await bus.publish(command(1))) === "routed", { what: "a route" });
    await seen.count(1);
    expect(seen.ids).toEqual(["m-1"]);
  });

  test("a queue that exists with other arguments is rejected by name, and everything else goes on", async () => {
    const url = await brokerAddress();
    await onOwnChannel(url, async (channel) => await channel.assertQueue(hostQueue(7n).name));
    const bus = await connectedBus(url);
    await expect(bus.declareHostQueue(7n)).rejects.toMatchObject(rejected);
    await expect(bus.declareHostQueue(7n)).rejects.toThrow(
      /queue host-7-commands: it exists with other properties; delete it/,
    );
    await expect(bus.consume(host, 1, async () => done)).rejects.toMatchObject(rejected);
    await bus.check();
    expect(await bus.publish(report(1))).toBe("routed");
    await onOwnChannel(url, async (channel) => await channel.deleteQueue(hostQueue(7n).name));
    await bus.declareHostQueue(7n);
    expect(await bus.publish(command(1))).toBe("routed");
  });

  test("a reports queue with other arguments is rejected by every call, and mended by deleting it", async () => {
    const url = await brokerAddress();
    await onOwnChannel(url, async (channel) => await channel.assertQueue(reportsQueue.name));
    const bus = openTestBus(url);
    onTestFinished(async () => await bus.close());
    let connects = 0;
    bus.onConnectionChange((connected) => {
      if (connected) connects += 1;
    });
    await until(async () => await fails(bus.check(), "rejected"), { what: "a rejection" });
    await expect(bus.publish(report(1))).rejects.toMatchObject(rejected);
    await expect(bus.publish(report(1))).rejects.toThrow(/queue manman-reports: /);
    await expect(bus.reportsWaiting()).rejects.toMatchObject(rejected);
    expect(connects).toBe(0);
    await onOwnChannel(url, async (channel) => await channel.deleteQueue(reportsQueue.name));
    await until(async () => await passes(bus.check()), { what: "the bus is connected" });
    expect(await bus.publish(report(1))).toBe("routed");
  });
});

test.each(["http://user:secret@host", "user:secret@host", ""])(
  "the address %j is rejected at once, without its password",
  (url) => {
    const open = (): unknown => openTestBus(url);
    expect(open).toThrow("amqp://");
    expect(open).not.toThrow("secret");
  },
);

async function fails(work: Promise<unknown>, kind: string): Promise<boolean> {
  return await work.then(
    () => false,
    (error: unknown) => error instanceof Fault && error.kind === kind,
  );
}
