// Waiting for what is away.
import { expect, test } from "vitest";
import { Fault } from "./fault.ts";
import { repeatWhileAway } from "./repeat-while-away.ts";

const backoff = { firstMs: 200, mostMs: 500 };
const away = new Fault("away", "connection refused");

/** Throws the errors one after another and then answers; what was told and slept on the way is kept. */
function scene(...errors: readonly unknown[]) {
  const controller = new AbortController();
  const seen: string[] = [];
  let calls = 0;
  const work = async (): Promise<string> => {
    calls += 1;
    if (calls <= errors.length) throw errors[calls - 1];
    return "there";
  };
  const answer = async (onAway: () => void = () => undefined) =>
    await repeatWhileAway(
      work,
      {
        clock: {
          sleep: async (ms) => {
            seen.push(`slept ${ms}`);
          },
        },
        random: () => 0.5,
        backoff,
        signal: controller.signal,
      },
      (fault, tries) => {
        seen.push(`${fault.message} ${tries}`);
        onAway();
      },
    );
  return { answer, seen, controller };
}

test("what is away is asked again, with growing waits, until it answers", async () => {
  const { answer, seen } = scene(away, away, away);
  expect(await answer()).toBe("there");
  expect(seen).toEqual([
    "connection refused 1",
    "slept 150",
    "connection refused 2",
    "slept 300",
    "connection refused 3",
    "slept 375",
  ]);
});

test.each([new Fault("missing", "no such queue"), new Error("a bug")])(
  "%s is passed on at once",
  async (error) => {
    const { answer, seen } = scene(away, error);
    await expect(answer()).rejects.toBe(error);
    expect(seen).toEqual(["connection refused 1", "slept 150"]);
  },
);

test("the signal ends it with its reason, whatever is away", async () => {
  const { answer, seen, controller } = scene(away, away);
  const reason = new Error("SIGTERM");
  await expect(answer(() => controller.abort(reason))).rejects.toBe(reason);
  expect(seen).toEqual(["connection refused 1", "slept 150"]);
  await expect(answer()).rejects.toBe(reason);
  expect(seen).toHaveLength(2);
});
