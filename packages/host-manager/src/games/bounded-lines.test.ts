import { expect, test } from "vitest";
import { BoundedLines } from "./bounded-lines.ts";

test("lines come out whole however the bytes are cut, even within a character", () => {
  const bytes = Buffer.from("é\n\nab\nc");
  const lines = new BoundedLines(10);

  const out = [...bytes].map((byte) => lines.push(Buffer.from([byte])));

  expect(out.flat()).toEqual(["é", "", "ab"]);
  expect(lines.push(Buffer.from("d\n"))).toEqual(["cd"]);
});

test("a line beyond the bound is given up, whether or not it ends", () => {
  expect(new BoundedLines(3).push(Buffer.from("abc\n"))).toEqual(["abc"]);
  expect(new BoundedLines(3).push(Buffer.from("abcd\n"))).toBeUndefined();
  const lines = new BoundedLines(3);
  expect(lines.push(Buffer.from("ab"))).toEqual([]);
  expect(lines.push(Buffer.from("cd"))).toBeUndefined();
});
