import { expect, test } from "vitest";
import { oneLine, tableLines } from "./table.ts";

test("columns line up under their headings", () => {
  expect(
    tableLines(
      ["ID", "STATUS"],
      [
        ["1", "completed"],
        ["12", "failed"],
      ],
    ),
  ).toEqual(["ID  STATUS", "1   completed", "12  failed"]);
});

test("a description cannot move the cursor or break the row", () => {
  expect(oneLine("a\u001b[2Jb\nc")).toBe("a [2Jb c");
});
