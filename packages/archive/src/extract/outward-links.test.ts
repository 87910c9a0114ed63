import { expect, test } from "vitest";
import { leadsOut } from "./outward-links.ts";

const cases: readonly [path: string, target: string, out: boolean][] = [
  ["game/link", "file", false],
  ["game/a/link", "../b/file", false],
  ["game/a/link", "./../b", false],
  ["game/a/b/link", "../../c", false],
  ["game/a/link", "../..", true],
  ["game/link", "..", true],
  ["game/link", "/etc/passwd", true],
  // Where a symlink is passed on the way, what is above it is not known.
  ["game/a/link", "b/../c", true],
  ["game/a/link", "b/../../../x", true],
];

test.each(cases)("%s -> %s: %s", (path, target, out) => {
  expect(leadsOut(path, Buffer.from(target))).toBe(out);
});
