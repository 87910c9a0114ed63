import { expect, test } from "vitest";
import { until } from "./until.ts";

test("the first answer that is something is returned", async () => {
  const answers = [undefined, false, null, 0];
  expect(await until(() => answers.shift(), { what: "a zero" })).toBe(0);
});

test("a condition that throws is asked again", async () => {
  let asked = 0;
  const condition = async (): Promise<number> => {
    asked += 1;
    if (asked < 3) throw new Error("not yet");
    return await Promise.resolve(asked);
  };
  expect(await until(condition, { what: "three questions" })).toBe(3);
});

test("the deadline ends the wait, says what was waited for, and keeps what was thrown", async () => {
  const waited = until(async () => await Promise.reject(new Error("still away")), {
    what: "the broker",
    deadlineMs: 60,
  });
  await expect(waited).rejects.toMatchObject({
    message: "not within 60 ms: the broker",
    cause: { message: "still away" },
  });
});

test("a condition that never answers does not hold up the deadline", async () => {
  const waited = until(async () => await new Promise(() => {}), {
    what: "an answer",
    deadlineMs: 60,
  });
  await expect(waited).rejects.toThrow("not within 60 ms: an answer");
});
