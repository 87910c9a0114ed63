// Lanes: order within, none between.
import { expect, test } from "vitest";
import { lanes } from "./lanes.ts";

test("one lane keeps its order while another goes ahead, and an error does not stop the lane", async () => {
  const inLane = lanes();
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const all = [
    inLane("a", async () => {
      await gate.promise;
      done.push("a1");
      throw new Error("a1 failed");
    }),
    inLane("a", async () => done.push("a2")),
    inLane("b", async () => done.push("b1")),
  ];
  await all[2];
  expect(done).toEqual(["b1"]);
  gate.resolve();
  const [first] = await Promise.allSettled(all);
  expect(first).toMatchObject({ status: "rejected", reason: new Error("a1 failed") });
  expect(done).toEqual(["b1", "a1", "a2"]);
});
