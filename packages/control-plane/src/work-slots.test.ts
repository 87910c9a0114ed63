// Work slots: bounds, keys and the end.
import { expect, test, vi } from "vitest";
import { recordedLog } from "./recorded-log.ts";
import { workSlots } from "./work-slots.ts";

const { log, lines } = recordedLog();

test("so many run, so many wait, and no more are taken", async () => {
  const slots = workSlots({ runningMax: 1, waitingMax: 2, log });
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const work = (key: string) => async () => {
    await gate.promise;
    done.push(key);
  };
  expect(["a", "b", "c", "d"].map((key) => slots.offer(key, work(key)))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  expect(slots.room()).toBe(0);
  gate.resolve();
  await vi.waitFor(() => expect(done).toEqual(["a", "b", "c"]));
  expect(slots.room()).toBe(2);
});

test("a key that runs or waits is not taken a second time", async () => {
  const slots = workSlots({ runningMax: 1, waitingMax: 5, log });
  const gate = Promise.withResolvers<void>();
  expect(slots.offer("a", async () => await gate.promise)).toBe(true);
  expect(slots.offer("a", async () => {})).toBe(false);
  expect(slots.offer("b", async () => {})).toBe(true);
  expect(slots.offer("b", async () => {})).toBe(false);
  gate.resolve();
});

test("work that throws frees its slot", async () => {
  const slots = workSlots({ runningMax: 1, waitingMax: 5, log });
  slots.offer("a", async () => {
    throw new Error("broken");
  });
  const done = Promise.withResolvers<void>();
  slots.offer("b", async () => done.resolve());
  await done.promise;
  expect(lines).toMatchObject([{ level: "error", fields: { work: "a" } }]);
});

test("the end waits for what runs and drops what waits", async () => {
  const slots = workSlots({ runningMax: 1, waitingMax: 5, log });
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  slots.offer("a", async () => {
    await gate.promise;
    done.push("a");
  });
  slots.offer("b", async () => {
    done.push("b");
  });
  const stopped = slots.stop();
  gate.resolve();
  await stopped;
  expect(done).toEqual(["a"]);
  expect(slots.offer("c", async () => {})).toBe(false);
});
