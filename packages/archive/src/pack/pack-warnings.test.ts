import { expect, test } from "vitest";
import { WarningList } from "./pack-warnings.ts";

test("all warnings are counted and the first twenty in the archive's order are kept, however they come", () => {
  const warnings = new WarningList();
  for (let i = 25; i >= 1; i -= 1) {
    warnings.add(i, { path: `game/${i}`, kind: "vanished", detail: "gone" });
  }
  const { count, first } = warnings.summary();
  expect(count).toBe(25);
  expect(first).toHaveLength(20);
  expect(first[0]?.path).toBe("game/1");
  expect(first[19]?.path).toBe("game/20");
});
