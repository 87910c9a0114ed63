import { expect, test } from "vitest";
import { readAhead } from "./read-ahead.ts";

async function* upTo(last: number, onStep: (step: number) => void = () => undefined) {
  for (let step = 1; step <= last; step += 1) {
    onStep(step);
    yield step;
  }
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const item of items) taken.push(item);
  return taken;
}

async function* failing() {
  yield 1;
  yield 2;
  throw new Error("third");
}

const keep = async (): Promise<void> => undefined;

test("items keep their order", async () => {
  expect(await all(readAhead(upTo(5), 3, keep))).toEqual([1, 2, 3, 4, 5]);
});

test("no more than the bound is under way", async () => {
  let started = 0;
  const ahead = readAhead(
    upTo(100, (step) => {
      started = step;
    }),
    3,
    keep,
  );
  expect((await ahead.next()).value).toBe(1);
  await expect.poll(() => started).toBe(3);
  expect((await ahead.next()).value).toBe(2);
  await expect.poll(() => started).toBe(4);
  await ahead.return();
});

test("what was asked for and never taken is discarded when the taker stops", async () => {
  const discarded: number[] = [];
  for await (const item of readAhead(upTo(100), 4, async (left) => void discarded.push(left))) {
    if (item === 2) break;
  }
  expect(discarded).toEqual([3, 4, 5]);
});

test("a failure comes in its turn, after the items before it", async () => {
  const taken: number[] = [];
  const reading = (async () => {
    for await (const item of readAhead(failing(), 10, keep)) taken.push(item);
  })();
  await expect(reading).rejects.toThrow("third");
  expect(taken).toEqual([1, 2]);
});

test("the source is ended when the taker stops", async () => {
  let ended = false;
  async function* endless() {
    try {
      for (;;) yield 1;
    } finally {
      ended = true;
    }
  }
  for await (const item of readAhead(endless(), 2, keep)) if (item === 1) break;
  expect(ended).toBe(true);
});
