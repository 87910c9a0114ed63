import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { retryAway } from "./retry-away.ts";

const retry = { triesMax: 3, backoff: { firstMs: 1, mostMs: 2 }, random: () => 0 };

/** Throws the faults one after another, then answers. */
function failing(...faults: Fault[]) {
  const calls = { made: 0 };
  const call = async (): Promise<string> => {
    const fault = faults[calls.made];
    calls.made += 1;
    if (fault !== undefined) throw fault;
    return "done";
  };
  return { calls, call };
}

test("a store that comes back in time has answered", async () => {
  const { call, calls } = failing(new Fault("away", "1"), new Fault("away", "2"));
  expect(await retryAway(retry, call)).toBe("done");
  expect(calls.made).toBe(3);
});

test("the tries are bounded, and the last fault is thrown", async () => {
  const faults = ["1", "2", "3", "4"].map((words) => new Fault("away", words));
  const { call, calls } = failing(...faults);
  await expect(retryAway(retry, call)).rejects.toThrow("3");
  expect(calls.made).toBe(3);
});

test("a no that a retry does not change is not repeated", async () => {
  const { call, calls } = failing(new Fault("rejected", "no"));
  await expect(retryAway(retry, call)).rejects.toThrow("no");
  expect(calls.made).toBe(1);
});

test("calling off ends the wait between two tries", async () => {
  const controller = new AbortController();
  const { call, calls } = failing(new Fault("away", "1"));
  const backoff = { firstMs: 3_600_000, mostMs: 3_600_000 };
  const waiting = retryAway({ ...retry, backoff, signal: controller.signal }, call);
  controller.abort();
  await expect(waiting).rejects.toThrow("1");
  expect(calls.made).toBe(1);
});
