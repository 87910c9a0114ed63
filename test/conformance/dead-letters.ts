// What every bus must do with its dead letters: show them without losing one, send one again, drop one.
import { byTimeOfDeath, type DeadLetter } from "@manman/core/dead-letter.ts";
import type { Bus } from "@manman/core/ports.ts";
import { describe, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import { Handler, numbers, publishAll, report, type BusUnderTest } from "./bus.ts";

const reports = { queue: "reports" } as const;
const absent = "0123456789abcdef";

export function deadLetterConformance(opened: () => Promise<BusUnderTest>): void {
  describe("dead letters", () => {
    test("are shown with what is known of them, as often as one looks, in the same order", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("status: must be\none of three");
      const body = '{"status":"größer"}';
      await bus.publish({ routingKey: "status.backup.5", messageId: "bad", body });
      await publishAll(bus, [report(1), report(2)]);
      const letters = await kept(bus, 3);
      const bad = letters.find(({ messageId }) => messageId === "bad");
      expect(bad).toEqual({
        deadLetterId: expect.stringMatching(/^[0-9a-f]{16}$/),
        atMs: 1_790_000_000_000,
        reason: "status: must be one of three",
        routingKey: "status.backup.5",
        queue: "manman-reports",
        messageId: "bad",
        body: new TextEncoder().encode(body),
        bodySizeBytes: 21,
      });
      expect(new Set(letters.map(({ deadLetterId }) => deadLetterId)).size).toBe(3);
      for (const _ of numbers(1, 30)) expect(await kept(bus, 3)).toEqual(letters);
      expect(letters).toEqual(letters.toSorted(byTimeOfDeath));
    });

    test("with a large body are shown with its beginning, and replayed with the whole of it", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("no");
      const body = `"${"x".repeat(100_000)}"`;
      await bus.publish({ ...report(1), body });
      const [letter] = await kept(bus, 1);
      expect(letter).toMatchObject({ bodySizeBytes: 100_002 });
      expect(new TextDecoder().decode(letter?.body)).toBe(body.slice(0, 4_096));
      reader.takeAll();
      expect(await bus.replayDeadLetter(letter?.deadLetterId ?? "")).toBe("replayed");
      await reader.seen.count(2);
      expect(reader.seen.messages[1]).toEqual({ ...report(1), body });
    });

    test("are replayed one by one as they were, and the others stay", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("no");
      await publishAll(bus, [report(1), report(2), report(3)]);
      const letters = await kept(bus, 3);
      const two = letters.find(({ messageId }) => messageId === "m-2");
      reader.takeAll();
      expect(await bus.replayDeadLetter(two?.deadLetterId ?? "")).toBe("replayed");
      await reader.seen.count(4);
      expect(reader.seen.messages[3]).toEqual(report(2));
      const left = await kept(bus, 2);
      expect(left).toEqual(letters.filter((letter) => letter !== two));
      expect(await bus.replayDeadLetter(two?.deadLetterId ?? "")).toBe("missing");
    });

    test("that nobody can take this time either are dead letters again, under another id", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("no");
      await bus.publish(report(1));
      const [first] = await kept(bus, 1);
      reader.giveUp("still no");
      expect(await bus.replayDeadLetter(first?.deadLetterId ?? "")).toBe("replayed");
      const again = await until(
        async () => {
          const { letters } = await bus.listDeadLetters();
          return letters.length === 1 && letters[0]?.reason === "still no" && letters[0];
        },
        { what: "the letter has died again" },
      );
      expect(again.messageId).toBe("m-1");
      expect(again.deadLetterId).not.toBe(first?.deadLetterId);
    });

    test("are dropped one by one, and none comes back", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("no");
      await publishAll(bus, [report(1), report(2), report(3)]);
      const letters = await kept(bus, 3);
      const [first, second, third] = letters.map(({ deadLetterId }) => deadLetterId);
      expect(await bus.dropDeadLetter(second ?? "")).toBe("dropped");
      expect(await kept(bus, 2)).toEqual([letters[0], letters[2]]);
      expect(await bus.dropDeadLetter(second ?? "")).toBe("missing");
      expect(await bus.dropDeadLetter(first ?? "")).toBe("dropped");
      expect(await bus.dropDeadLetter(third ?? "")).toBe("dropped");
      expect(await bus.listDeadLetters()).toEqual({ letters: [], count: 0 });
      expect(reader.seen.ids.toSorted()).toEqual(["m-1", "m-2", "m-3"]);
    });

    test("that are not there are missing", async () => {
      const { bus } = await opened();
      expect(await bus.listDeadLetters()).toEqual({ letters: [], count: 0 });
      expect(await bus.replayDeadLetter(absent)).toBe("missing");
      expect(await bus.dropDeadLetter(absent)).toBe("missing");
    });

    test("are all there for each of many who look and deal with them at once", async () => {
      const { bus } = await opened();
      const reader = await mortuary(bus);
      reader.giveUp("no");
      await publishAll(
        bus,
        numbers(1, 20).map((number) => report(number)),
      );
      const letters = await kept(bus, 20);
      const drops = letters
        .slice(0, 10)
        .map(({ deadLetterId }) => bus.dropDeadLetter(deadLetterId));
      const looks = numbers(1, 5).map(async () => (await bus.listDeadLetters()).letters.length);
      expect(await Promise.all(drops)).toEqual(numbers(1, 10).map(() => "dropped"));
      for (const seen of await Promise.all(looks)) expect(seen).toBeGreaterThanOrEqual(10);
      expect(await kept(bus, 10)).toEqual(letters.slice(10));
    });
  });
}

/** A reader of reports that gives all of them up, or takes them all. */
async function mortuary(bus: Bus) {
  const seen = new Handler();
  let reason: string | null = null;
  await bus.consume(reports, 1, async (delivery) => {
    const verdict = await seen.handle(delivery);
    return reason === null ? verdict : { kind: "dead-letter", reason };
  });
  return {
    seen,
    giveUp: (why: string) => {
      reason = why;
    },
    takeAll: () => {
      reason = null;
    },
  };
}

/** The dead letters once there are so many. */
async function kept(bus: Bus, letters: number): Promise<readonly DeadLetter[]> {
  const found = await until(
    async () => {
      const present = await bus.listDeadLetters();
      return present.letters.length === letters && present;
    },
    { what: `${letters} dead letters` },
  );
  expect(found.count).toBe(letters);
  return found.letters;
}
