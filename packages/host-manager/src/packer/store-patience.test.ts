// Waiting for a store that is away.
import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { storePatience, type StoreNews } from "./store-patience.ts";

/** Patience on a clock that a sleep moves on; `seen` is what was told and slept. */
function scene() {
  const seen: (StoreNews | number)[] = [];
  let nowMs = 0;
  const patiently = storePatience({
    clock: {
      elapsedMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms;
        seen.push(ms);
      },
    },
    random: () => 0,
    tell: (news) => seen.push(news),
  });
  return { seen, patiently, nowMs: () => nowMs };
}

/** A sending that throws the error so many times and then answers. */
function failing(times: number, error: Error = new Fault("away", "part 3")) {
  let tries = 0;
  return async (): Promise<string> => {
    tries += 1;
    if (tries <= times) throw error;
    return "etag";
  };
}

const { signal } = new AbortController();

test("a store that is away is tried at growing distances, and each of its absences is told once", async () => {
  const { seen, patiently } = scene();
  expect(await patiently(failing(10), signal)).toBe("etag");
  expect(seen).toEqual([
    125,
    250,
    500,
    1_000,
    2_000,
    { kind: "store-away", why: "part 3", awayMs: 3_875 },
    4_000,
    8_000,
    10_000,
    10_000,
    10_000,
    { kind: "store-back", awayMs: 45_875 },
  ]);
  seen.length = 0;
  await patiently(failing(6), signal);
  expect(seen.filter((one) => typeof one !== "number").map(({ kind }) => kind)).toEqual([
    "store-away",
    "store-back",
  ]);
});

test("a store is waited for beyond half an hour", async () => {
  const { patiently, nowMs } = scene();
  expect(await patiently(failing(200), signal)).toBe("etag");
  expect(nowMs()).toBeGreaterThan(1_800_000);
});

test("a connection that is lost now and then is not worth a word", async () => {
  const { seen, patiently } = scene();
  for (let part = 1; part <= 3; part += 1) await patiently(failing(1), signal);
  expect(seen).toEqual([125, 125, 125]);
});

test("of two parts that wait, the first to get through brings the news", async () => {
  const { seen, patiently } = scene();
  await Promise.all([patiently(failing(6), signal), patiently(failing(6), signal)]);
  expect(seen.filter((one) => typeof one !== "number").map(({ kind }) => kind)).toEqual([
    "store-away",
    "store-back",
  ]);
});

test.each(["missing", "rejected", "exhausted", "corrupt"] as const)(
  "a store that answers with a no (%s) is not asked again",
  async (kind) => {
    const { seen, patiently } = scene();
    const no = new Fault(kind, "no such upload");
    await expect(patiently(failing(1, no), signal)).rejects.toBe(no);
    expect(seen).toEqual([]);
  },
);

test("the signal ends the waiting with its reason, and nothing is told any more", async () => {
  const calledOff = new AbortController();
  const { seen, patiently } = scene();
  const sending = async (): Promise<string> => {
    calledOff.abort(new Error("another part has failed"));
    throw new Fault("away", "part 3");
  };
  await expect(patiently(sending, calledOff.signal)).rejects.toThrow("another part has failed");
  expect(seen.filter((one) => typeof one !== "number")).toEqual([]);
});
