import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

test("without arguments the defaults hold", () => {
  expect(parseCommandLine([])).toEqual({
    options: { rounds: 5, seconds: 3, records: 1_000_000, json: false, profileDir: null },
  });
});

test("every option is taken", () => {
  const args = ["--rounds", "7", "--seconds", "2", "--records", "5000", "--json"];
  expect(parseCommandLine([...args, "--profile", "out"])).toEqual({
    options: { rounds: 7, seconds: 2, records: 5_000, json: true, profileDir: "out" },
  });
});

test("all mistakes are named at once", () => {
  expect(parseCommandLine(["--rounds", "0", "--seconds", "1.5"])).toEqual({
    mistakes: [
      "--rounds must be a whole number from 1 to 50, not 0",
      "--seconds must be a whole number from 1 to 60, not 1.5",
    ],
  });
});

test("an unknown option is a mistake", () => {
  expect(parseCommandLine(["--round", "3"])).toHaveProperty("mistakes");
});

test("help wins", () => {
  expect(parseCommandLine(["--help", "--rounds", "0"])).toEqual({ help: true });
});
