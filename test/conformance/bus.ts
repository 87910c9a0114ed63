// What every bus must do: each promise of the port Bus as a fact.
import { Fault } from "@manman/core/fault.ts";
import type { Bus, BusMessage, Delivery, DeliveryVerdict } from "@manman/core/ports.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../harness/until.ts";
import { deadLetterConformance } from "./dead-letters.ts";

type DeadLetterSeen = {
  readonly routingKey: string;
  readonly messageId: string;
  readonly body: string;
  readonly reason: string;
};

export type BusUnderTest = {
  readonly bus: Bus;
  /** Takes the dead letters that are there by now out of where they are kept. */
  readonly takeDeadLetters: () => Promise<readonly DeadLetterSeen[]>;
  readonly remove: () => Promise<void>;
};

const done: DeliveryVerdict = { kind: "done" };
const host = { queue: "host", serverId: 7n } as const;
const reports = { queue: "reports" } as const;

/** Runs the facts against buses that `open` makes, a new and empty one for each. Waits between tries must be short there. */
export function busConformance(open: () => Promise<BusUnderTest>): void {
  const opened = async (): Promise<BusUnderTest> => {
    const under = await open();
    onTestFinished(async () => {
      await under.bus.close();
      await under.remove();
    });
    return under;
  };

  describe("routing", () => {
    test("a command reaches its host as it was sent", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      await bus.consume(host, 1, seen.handle);
      const body = '{"command":"backup_session","note":"größer"}';
      expect(
        await bus.publish({ routingKey: "command.host.7.backup", messageId: "m-1", body }),
      ).toBe("routed");
      await seen.count(1);
      expect(seen.messages).toEqual([
        { routingKey: "command.host.7.backup", messageId: "m-1", body },
      ]);
    });

    test("a command for a host without a queue is unroutable", async () => {
      const { bus } = await opened();
      await bus.consume(host, 1, async () => done);
      expect(await bus.publish(command(1, 8n))).toBe("unroutable");
      expect(await bus.publish(command(2, 77n))).toBe("unroutable");
      expect(await bus.publish({ ...command(3), routingKey: "elsewhere" })).toBe("unroutable");
    });

    test("each host gets its own commands, the control plane gets the reports", async () => {
      const { bus } = await opened();
      const [seven, eight, control] = [new Handler(), new Handler(), new Handler()];
      await bus.consume(host, 1, seven.handle);
      await bus.consume({ queue: "host", serverId: 8n }, 1, eight.handle);
      await bus.consume(reports, 1, control.handle);
      await publishAll(bus, [command(1), command(2, 8n), report(3), report(4, "health.host.7")]);
      await Promise.all([seven.count(1), eight.count(1), control.count(2)]);
      expect(seven.ids).toEqual(["m-1"]);
      expect(eight.ids).toEqual(["m-2"]);
      expect(control.ids.toSorted()).toEqual(["m-3", "m-4"]);
    });

    test("a host's queue may be declared again and again", async () => {
      const { bus } = await opened();
      await bus.declareHostQueue(7n);
      await bus.declareHostQueue(7n);
      const seen = new Handler();
      await bus.consume(host, 1, seen.handle);
      await bus.publish(command(1));
      await seen.count(1);
      expect(seen.ids).toEqual(["m-1"]);
    });
  });

  describe("consuming", () => {
    test("one at a time keeps the order", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      await bus.consume(host, 1, seen.handle);
      await publishAll(
        bus,
        numbers(1, 20).map((number) => command(number)),
      );
      await seen.count(20);
      expect(seen.ids).toEqual(numbers(1, 20).map((number) => `m-${number}`));
      expect(seen.atOnceMax).toBe(1);
    });

    test("one at a time keeps the order while a message is tried again", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      seen.throwNext(new Fault("away", "no database"), new Error("no"), new Fault("away", "no"));
      await bus.consume(host, 1, seen.handle);
      await publishAll(bus, [command(1), command(2), command(3)]);
      await seen.count(6);
      expect(seen.ids).toEqual(["m-1", "m-1", "m-1", "m-1", "m-2", "m-3"]);
    });

    test("as many as were asked for are in hand at a time, and never more", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      const release = seen.hold();
      await bus.consume(host, 3, seen.handle);
      const publishing = publishAll(
        bus,
        numbers(1, 9).map((number) => command(number)),
      );
      await seen.count(3);
      release();
      await publishing;
      await seen.count(9);
      expect(seen.atOnceMax).toBe(3);
      expect(seen.ids.toSorted()).toEqual(numbers(1, 9).map((number) => `m-${number}`));
    });

    test("messages that wait are counted, those in hand are not", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      const release = seen.hold();
      await bus.consume(reports, 1, seen.handle);
      const publishing = publishAll(bus, [report(1), report(2), report(3)]);
      const waiting = async (): Promise<number> => await bus.reportsWaiting();
      await until(async () => (await waiting()) === 2, { what: "two waiting reports" });
      release();
      await publishing;
      await seen.count(3);
      expect(await waiting()).toBe(0);
    });

    test("closing lets the handler in hand finish, and its message does not come again", async () => {
      const { bus } = await opened();
      const first = new Handler();
      const release = first.hold();
      const consumption = await bus.consume(host, 1, first.handle);
      const publishing = bus.publish(command(1));
      await first.count(1);
      const closing = consumption.close();
      release();
      await closing;
      expect(first.finished).toBe(1);
      expect(await publishing).toBe("routed");

      const next = new Handler();
      await bus.consume(host, 1, next.handle);
      await bus.publish(command(2));
      await next.count(1);
      expect([...first.ids, ...next.ids]).toEqual(["m-1", "m-2"]);
    });

    test("closing does not wait for a message that is to be tried again later", async () => {
      const { bus } = await opened();
      const seen = new Handler();
      seen.throwAlways(new Fault("away", "no database"));
      const consumption = await bus.consume(host, 1, seen.handle);
      const publishing = bus.publish(command(1)).catch(() => "given back");
      await seen.count(1);
      await consumption.close();
      expect(["routed", "given back"]).toContain(await publishing);
    });
  });

  describe("verdicts", () => {
    test("a message that nobody can take is kept with the reason, and the next one comes", async () => {
      const { bus, takeDeadLetters } = await opened();
      const seen = new Handler();
      await bus.consume(reports, 1, async (delivery) => {
        await seen.handle(delivery);
        if (delivery.messageId !== "bad") return done;
        return { kind: "dead-letter", reason: "status: must be\none of three" };
      });
      const bad = { routingKey: "status.backup.5", messageId: "bad", body: '{"status":' };
      expect(await bus.publish(bad)).toBe("routed");
      expect(await bus.publish(report(2))).toBe("routed");
      await seen.count(2);
      expect(await waitForDeadLetters(takeDeadLetters, 1)).toEqual([
        { ...bad, reason: expect.stringMatching(/^status: must be\sone of three$/) },
      ]);
    });

    test("a handler that throws gets the message three times, then it is kept with the error's words", async () => {
      const { bus, takeDeadLetters } = await opened();
      const seen = new Handler();
      seen.throwAlways(new Error("cannot read properties of undefined"));
      await bus.consume(reports, 1, seen.handle);
      await bus.publish(report(1));
      expect(await waitForDeadLetters(takeDeadLetters, 1)).toMatchObject([
        { messageId: "m-1", reason: "cannot read properties of undefined" },
      ]);
      seen.throwAlways(undefined);
      await bus.publish(report(2));
      await seen.count(4);
      expect(seen.ids).toEqual(["m-1", "m-1", "m-1", "m-2"]);
    });

    test("a fault of another kind than `away` counts as an error", async () => {
      const { bus, takeDeadLetters } = await opened();
      const seen = new Handler();
      seen.throwAlways(new Fault("rejected", "disk full"));
      await bus.consume(reports, 1, seen.handle);
      await bus.publish(report(1));
      expect(await waitForDeadLetters(takeDeadLetters, 1)).toMatchObject([{ reason: "disk full" }]);
      expect(seen.ids).toEqual(["m-1", "m-1", "m-1"]);
    });

    test("a handler whose store is away gets the message until it is there", async () => {
      const { bus, takeDeadLetters } = await opened();
      const seen = new Handler();
      seen.throwNext(...numbers(1, 10).map(() => new Fault("away", "no database")));
      await bus.consume(reports, 1, seen.handle);
      expect(await bus.publish(report(1))).toBe("routed");
      await until(() => seen.finished === 1, { what: "the report is taken" });
      expect(seen.ids).toEqual(numbers(1, 11).map(() => "m-1"));
      expect(await takeDeadLetters()).toEqual([]);
    });
  });

  deadLetterConformance(opened);

  describe("the connection", () => {
    test("is there: the check passes and a listener hears so at once", async () => {
      const { bus } = await opened();
      await bus.check();
      const heard: boolean[] = [];
      bus.onConnectionChange((connected) => heard.push(connected));
      expect(heard).toEqual([true]);
    });

    test("closed, it takes nothing more", async () => {
      const { bus } = await opened();
      await bus.consume(host, 1, async () => done);
      const heard: boolean[] = [];
      bus.onConnectionChange((connected) => heard.push(connected));
      await bus.close();
      const away = { name: "Fault", kind: "away" };
      await expect(bus.publish(command(1))).rejects.toMatchObject(away);
      await expect(bus.consume(host, 1, async () => done)).rejects.toMatchObject(away);
      await expect(bus.check()).rejects.toMatchObject(away);
      expect(heard).toEqual([true, false]);
    });
  });
}

export function command(number: number, serverId: bigint = 7n): BusMessage {
  const routingKey = `command.host.${serverId}.backup`;
  return { routingKey, messageId: `m-${number}`, body: `{"backup_id":${number}}` };
}

export function report(number: number, routingKey: string = `status.backup.${number}`): BusMessage {
  return { routingKey, messageId: `m-${number}`, body: `{"backup_id":${number}}` };
}

export async function publishAll(bus: Bus, messages: readonly BusMessage[]): Promise<void> {
  await Promise.all(messages.map(async (message) => await bus.publish(message)));
}

async function waitForDeadLetters(
  take: BusUnderTest["takeDeadLetters"],
  count: number,
): Promise<readonly DeadLetterSeen[]> {
  const letters: DeadLetterSeen[] = [];
  await until(
    async () => {
      letters.push(...(await take()));
      return letters.length >= count;
    },
    { what: `${count} dead letters` },
  );
  return letters;
}

export function numbers(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, place) => first + place);
}

/** A handler that remembers what it was given, and throws or holds on as it is told to. */
export class Handler {
  readonly messages: { routingKey: string; messageId: string; body: string }[] = [];
  finished = 0;
  atOnceMax = 0;
  #atOnce = 0;
  #throws: unknown[] = [];
  #throwsAlways: unknown = undefined;
  #held: Promise<void> | undefined;

  get ids(): string[] {
    return this.messages.map(({ messageId }) => messageId);
  }

  throwNext(...errors: readonly unknown[]): void {
    this.#throws.push(...errors);
  }

  throwAlways(error: unknown): void {
    this.#throwsAlways = error;
  }

  /** Handlers called from now on wait until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => resolve();
  }

  /** Waits until it was called so often. */
  async count(calls: number): Promise<void> {
    await until(() => this.messages.length >= calls, { what: `${calls} deliveries` });
  }

  /** Waits until it was given the message, which may come more than once. */
  async has(messageId: string): Promise<void> {
    await until(() => this.ids.includes(messageId), { what: `message ${messageId}` });
  }

  readonly handle = async ({ routingKey, messageId, body }: Delivery): Promise<DeliveryVerdict> => {
    this.messages.push({ routingKey, messageId, body: new TextDecoder().decode(body) });
    this.#atOnce += 1;
    this.atOnceMax = Math.max(this.atOnceMax, this.#atOnce);
    try {
      await this.#held;
      const error = this.#throws.shift() ?? this.#throwsAlways;
      if (error !== undefined) throw error;
      this.finished += 1;
      return done;
    } finally {
      this.#atOnce -= 1;
    }
  };
}
