// Gathering: batches, their bounds, and who gets which answer.
import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { gathering } from "./gathering.ts";

const limits = { batchMax: 3, batchesMax: 2, waitingMax: 4 };

/** Batches that end when the test says so. */
function heldBatches() {
  const started: { readonly items: readonly number[]; readonly end: () => void }[] = [];
  const run = async (items: readonly number[]): Promise<readonly string[]> => {
    await new Promise<void>((resolve) => {
      started.push({ items, end: resolve });
    });
    return items.map((item) => `answer ${item}`);
  };
  return { started, run };
}

async function nextTurns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

test("calls of one turn go together, and each gets its own answer", async () => {
  const batches: (readonly number[])[] = [];
  const submit = gathering("double", limits, async (items: readonly number[]) => {
    batches.push(items);
    return items.map((item) => item * 2);
  });
  expect(await Promise.all([submit(1), submit(2), submit(3)])).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("calls that come while all batches are under way join the next one", async () => {
  const { started, run } = heldBatches();
  const submit = gathering("wait", limits, run);
  const first = [1, 2, 3, 4].map(submit);
  await nextTurns();
  expect(started.map(({ items }) => items)).toEqual([[1, 2, 3], [4]]);
  const later = [5, 6].map(submit);
  await nextTurns();
  expect(started).toHaveLength(2);
  started[1]?.end();
  await nextTurns();
  expect(started[2]?.items).toEqual([5, 6]);
  started[0]?.end();
  started[2]?.end();
  expect(await Promise.all([...first, ...later])).toEqual([
    "answer 1",
    "answer 2",
    "answer 3",
    "answer 4",
    "answer 5",
    "answer 6",
  ]);
});

test("one call more than may wait is refused as exhausted, and the others are answered", async () => {
  const { started, run } = heldBatches();
  const submit = gathering("CreateBackup", limits, run);
  const taken = [1, 2, 3, 4].map(submit);
  await expect(submit(5)).rejects.toEqual(
    new Fault("exhausted", "CreateBackup: 4 calls wait already"),
  );
  await nextTurns();
  started.forEach(({ end }) => end());
  expect(await Promise.all(taken)).toHaveLength(4);
});

test("a batch that fails fails its own calls only", async () => {
  const submit = gathering(
    "fail",
    { ...limits, batchMax: 1 },
    async ([item]: readonly number[]) => {
      if (item === 1) throw new Error("broken");
      return [item];
    },
  );
  const [bad, good] = await Promise.allSettled([submit(1), submit(2)]);
  expect(bad).toMatchObject({ status: "rejected", reason: new Error("broken") });
  expect(good).toEqual({ status: "fulfilled", value: 2 });
});

test("a batch that finds something away fails those that wait too, and later calls are tried anew", async () => {
  const gate = Promise.withResolvers<void>();
  let isAway = true;
  const submit = gathering("away", limits, async (items: readonly number[]) => {
    await gate.promise;
    if (isAway) throw new Fault("away", "the database does not answer");
    return items;
  });
  const calls = [1, 2, 3, 4].map(submit);
  await nextTurns();
  const waiting = [5, 6, 7].map(submit);
  gate.resolve();
  const outcomes = await Promise.allSettled([...calls, ...waiting]);
  expect(outcomes.map(({ status }) => status)).toEqual(Array(7).fill("rejected"));
  isAway = false;
  expect(await submit(8)).toBe(8);
});
