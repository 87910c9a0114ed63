import { expect, test } from "vitest";
import { Exclusion } from "./exclusion.ts";

function excluded(patterns: string[], paths: string[]): string[] {
  const exclusion = new Exclusion(patterns);
  return paths.filter((path) => exclusion.excludes(path));
}

test("patterns mean what they mean in a .gitignore", () => {
  const patterns = ["# a comment", "", "*.log", "!keep.log", "/cache/", "logs/**/old", "Temp"];
  const paths = [
    "server.log",
    "deep/down/server.log",
    "deep/keep.log",
    "cache/",
    "cache",
    "deep/cache/",
    "logs/2026/old/",
    "Temp/",
    "temp/",
  ];
  expect(excluded(patterns, paths)).toEqual([
    "server.log",
    "deep/down/server.log",
    "cache/",
    "logs/2026/old/",
    "Temp/",
  ]);
});

test("a name that is no text is matched by what is shown for it", () => {
  expect(excluded(["caf\\\\xE9", "*.tmp"], ["caf\xe9", "\xff.tmp", "\xc3\xa9"])).toEqual([
    "caf\xe9",
    "\xff.tmp",
  ]);
});

test("without patterns nothing is excluded, whatever its name", () => {
  expect(excluded([], ["..", "./x", "", "/"])).toEqual([]);
});

test("any name that a file system allows can be asked for", () => {
  const names = ["...", "..a", ".a", " ", "a\nb", "\\", "*", "#x", "!x", "[", "a/", "~"];
  expect(excluded(["*"], names)).toEqual(names);
});

test("patterns are still known after many questions", () => {
  const exclusion = new Exclusion(["*.log"]);
  const asked = Array.from({ length: 20_001 }, (_, at) => exclusion.excludes(`${at}.log`));
  expect(asked.every(Boolean)).toBe(true);
});
