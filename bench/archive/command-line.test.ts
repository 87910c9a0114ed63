import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

test("without arguments both generated directories are measured five times", () => {
  expect(parseCommandLine([])).toEqual({
    options: {
      rounds: 5,
      worlds: ["mixed", "text"],
      dirs: [],
      files: 20_000,
      bytes: 400_000_000,
      scratchDir: null,
    },
  });
});

test("a directory of one's own is measured alone unless a generated one is asked for", () => {
  expect(parseCommandLine(["--dir", "a", "--dir", "b"])).toMatchObject({
    options: { worlds: [], dirs: ["a", "b"] },
  });
  expect(parseCommandLine(["--dir", "a", "--world", "text"])).toMatchObject({
    options: { worlds: ["text"], dirs: ["a"] },
  });
});

test("every mistake is named", () => {
  expect(parseCommandLine(["--rounds", "0", "--files", "x", "--world", "large"])).toEqual({
    mistakes: [
      "--world must be one of mixed, text, not large",
      "--rounds must be a whole number from 1 to 100, not 0",
      "--files must be a whole number from 50 to 10000000, not x",
    ],
  });
  expect(parseCommandLine(["--fast"])).toMatchObject({ mistakes: [expect.any(String)] });
});
