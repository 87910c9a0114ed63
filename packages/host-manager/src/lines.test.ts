import { expect, test } from "vitest";
import { Lines } from "./lines.ts";

/** Lines whose steps end when they are told to. */
function linesOfSteps() {
  const stop = new AbortController();
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const lines = new Lines<string, string>(stop.signal, async (step) => {
    begun.push(step);
    await new Promise<void>((resolve, reject) => {
      ends.set(step, resolve);
      stop.signal.addEventListener("abort", () => reject(new Error("stopped")));
    });
  });
  const end = async (step: string): Promise<void> => {
    ends.get(step)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { lines, begun, end, stop };
}

test("steps of one key follow each other, those of another do not wait for them", async () => {
  const { lines, begun, end } = linesOfSteps();
  lines.add("a", "a1");
  lines.add("a", "a2");
  lines.add("b", "b1");
  expect(begun).toEqual(["a1", "b1"]);
  expect(lines.underWay("a")).toBe("a1");
  await end("b1");
  expect(begun).toEqual(["a1", "b1"]);
  await end("a1");
  expect(begun).toEqual(["a1", "b1", "a2"]);
  expect(lines.underWay("b")).toBeUndefined();
});

test("a line begins nothing more once it is stopped", async () => {
  const { lines, begun, stop } = linesOfSteps();
  lines.add("a", "a1");
  lines.add("a", "a2");
  stop.abort();
  await lines.idle();
  lines.add("b", "b1");
  await lines.idle();
  expect(begun).toEqual(["a1"]);
});
