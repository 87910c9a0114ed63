import { expect, test } from "vitest";
import { PathSelection } from "./path-selection.ts";

const cases: readonly [pattern: string, path: string, selected: boolean][] = [
  ["game/a", "game/a", true],
  ["game/a", "game/a/", true],
  ["game/a", "game/a/b/c", true],
  ["game/a/", "game/a/b", true],
  ["game/a", "game/ab", false],
  ["game/a", "game", false],
  ["game/*.dat", "game/level.dat", true],
  ["game/*.dat", "game/world/level.dat", false],
  ["game/**.dat", "game/world/level.dat", true],
  ["game/**/level.dat", "game/world/deep/level.dat", true],
  ["game/?", "game/a", true],
  ["game/?", "game/a/b", true],
  ["game/?", "game/ab", false],
  ["game/w*", "game/world/region/r.0.0.mca", true],
  ["*", "game/anything", true],
  ["game/[a]", "game/[a]", true],
];

test.each(cases)("%s and %s: %s", (pattern, path, selected) => {
  expect(new PathSelection([pattern]).has(Buffer.from(path))).toBe(selected);
});

test("without patterns everything is taken", () => {
  expect(new PathSelection(undefined).has(Buffer.from("anything"))).toBe(true);
});

test("names that are no text are matched by their bytes", () => {
  const selection = new PathSelection([Buffer.from("game/\xe9*", "latin1")]);
  expect(selection.has(Buffer.from("game/\xe9\xff", "latin1"))).toBe(true);
  expect(selection.has(Buffer.from("game/é"))).toBe(false);
});

test("a pattern of many stars takes no longer than its length times the path's", () => {
  const selection = new PathSelection([`game/${"*a".repeat(200)}b`]);
  expect(selection.has(Buffer.from(`game/${"a".repeat(4000)}`))).toBe(false);
}, 5000);
