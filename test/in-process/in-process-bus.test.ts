// The bus inside one process.
import {
  openInProcessBus,
  defaultInProcessLimits,
} from "@manman/adapters/in-process/in-process-bus.ts";
import { Fault } from "@manman/core/fault.ts";
import type { BusMessage } from "@manman/core/ports.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  busConformance,
  command,
  Handler,
  numbers,
  publishAll,
  report,
} from "../conformance/bus.ts";

const limits = { ...defaultInProcessLimits, redelivery: { firstMs: 1, mostMs: 10 } };
const away = { name: "Fault", kind: "away" };
const nowMs = (): number => 1_790_000_000_000;
const host = { queue: "host", serverId: 7n } as const;

function open(changes: Partial<typeof limits> = {}) {
  const bus = openInProcessBus({ random: Math.random, nowMs }, { ...limits, ...changes });
  onTestFinished(async () => await bus.close());
  return bus;
}

describe("the bus in one process", () => {
  busConformance(async () => {
    const letters: { reason: string; message: BusMessage }[] = [];
    const onDeadLetter = (reason: string, message: BusMessage): void => {
      letters.push({ reason, message });
    };
    return {
      bus: openInProcessBus({ random: Math.random, nowMs, onDeadLetter }, limits),
      takeDeadLetters: async () =>
        letters.splice(0).map(({ reason, message }) => ({ ...message, reason })),
      remove: async () => {},
    };
  });

  test("a message counts as routed only once its handler has taken it on", async () => {
    const bus = open();
    const seen = new Handler();
    const release = seen.hold();
    await bus.consume(host, 1, seen.handle);
    let outcome = "on its way";
    const publishing = bus.publish(command(1)).then((answer) => (outcome = answer));
    await seen.count(1);
    expect(outcome).toBe("on its way");
    release();
    await publishing;
    expect([outcome, seen.finished]).toEqual(["routed", 1]);
  });

  test("a publisher whose message is not taken in time is told so and keeps it", async () => {
    const bus = open({ publishMs: 50 });
    const seen = new Handler();
    seen.throwAlways(new Fault("away", "no database"));
    await bus.consume(host, 1, seen.handle);
    await expect(bus.publish(command(1))).rejects.toMatchObject(away);
    seen.throwAlways(undefined);
    expect(await bus.publish(command(1))).toBe("routed");
  });

  test("a message that was waiting when its publisher gave up is not handled later", async () => {
    const bus = open({ publishMs: 50 });
    const seen = new Handler();
    const release = seen.hold();
    await bus.consume(host, 1, seen.handle);
    const given = await Promise.allSettled([bus.publish(command(1)), bus.publish(command(2))]);
    expect(given.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    release();
    await bus.publish(command(3));
    expect(seen.ids).toEqual(["m-1", "m-3"]);
  });

  test("a full queue takes no more", async () => {
    const bus = open({ queueMessagesMax: 2 });
    const seen = new Handler();
    const release = seen.hold();
    await bus.consume(host, 1, seen.handle);
    const first = bus.publish(command(1));
    await seen.count(1);
    const waiting = publishAll(bus, [command(2), command(3)]);
    await expect(bus.publish(command(4))).rejects.toMatchObject(away);
    release();
    await Promise.all([first, waiting]);
    expect(seen.ids).toEqual(["m-1", "m-2", "m-3"]);
  });

  test("messages that wait for a consumer that ends go back to their publishers", async () => {
    const bus = open();
    const seen = new Handler();
    const release = seen.hold();
    const consumption = await bus.consume(host, 1, seen.handle);
    const first = bus.publish(command(1));
    await seen.count(1);
    const second = bus.publish(command(2));
    const closing = consumption.close();
    await expect(second).rejects.toMatchObject(away);
    release();
    await closing;
    expect(await first).toBe("routed");
    expect(await bus.publish(command(2))).toBe("unroutable");
  });

  test("the last dead letters are kept in memory", async () => {
    const bus = open({ deadLettersMax: 2 });
    await bus.consume({ queue: "reports" }, 1, async () => {
      return { kind: "dead-letter", reason: "no" };
    });
    await publishAll(
      bus,
      numbers(1, 3).map((number) => report(number)),
    );
    const { letters, count } = await bus.listDeadLetters();
    expect(letters.map(({ messageId }) => messageId).toSorted()).toEqual(["m-2", "m-3"]);
    expect(count).toBe(2);
  });

  test("a dead letter that nobody takes stays", async () => {
    const bus = open();
    const consumption = await bus.consume(host, 1, async () => {
      return { kind: "dead-letter", reason: "no" };
    });
    await bus.publish(command(1));
    await consumption.close();
    const { letters } = await bus.listDeadLetters();
    const id = letters[0]?.deadLetterId ?? "";
    expect(await bus.replayDeadLetter(id)).toBe("unroutable");
    expect(await bus.listDeadLetters()).toMatchObject({ letters });
  });

  test("a dead letter whose handler cannot take it now stays", async () => {
    const bus = open({ publishMs: 50 });
    const seen = new Handler();
    seen.throwAlways(new Error("no"));
    await bus.consume(host, 1, seen.handle);
    await bus.publish(command(1));
    const { letters } = await bus.listDeadLetters();
    seen.throwAlways(new Fault("away", "no database"));
    const id = letters[0]?.deadLetterId ?? "";
    await expect(bus.replayDeadLetter(id)).rejects.toMatchObject(away);
    expect(await bus.listDeadLetters()).toMatchObject({ letters });
  });

  test("a dead letter that could not be kept was not taken", async () => {
    const bus = openInProcessBus({
      random: Math.random,
      nowMs,
      onDeadLetter: () => {
        throw new Fault("away", "disk full");
      },
    });
    onTestFinished(async () => await bus.close());
    await bus.consume(host, 1, async () => ({ kind: "dead-letter", reason: "no" }));
    await expect(bus.publish(command(1))).rejects.toMatchObject(away);
  });
});
