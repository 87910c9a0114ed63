import { expect, test } from "vitest";
import { entryJson, longLine, nameText } from "./archive-entry-lines.ts";

const file = {
  kind: "file",
  path: Buffer.from("game/level.dat"),
  mode: 0o644,
  uid: 1000,
  gid: 1001,
  mtimeNs: 1_795_000_000_123_456_789n,
  sizeBytes: 1234,
} as const;

test("a file reads as tar -tv has it, with its time in UTC", () => {
  expect(longLine(file)).toBe(
    "-rw-r--r-- 1000/1001           1234 2026-11-18 11:06:40Z game/level.dat",
  );
});

test.each([
  ["directory", 0o1777, "drwxrwxrwt", "game/a/"],
  ["directory", 0o2750, "drwxr-s---", "game/a/"],
  ["file", 0o4644, "-rwSr--r--", "game/a"],
  ["file", 0, "----------", "game/a"],
] as const)("a %s of mode %o begins %s", (kind, mode, begin, path) => {
  expect(longLine({ ...file, kind, mode, path: Buffer.from(path) })).toMatch(
    new RegExp(`^${begin} `),
  );
});

test("links say where they lead", () => {
  const link = { ...file, path: Buffer.from("game/a"), target: Buffer.from("../b") };
  expect(longLine({ ...link, kind: "symlink" })).toMatch(/ game\/a -> \.\.\/b$/);
  expect(longLine({ ...link, kind: "hardlink" })).toMatch(/ game\/a link to \.\.\/b$/);
});

test("times before 1970 and beyond all dates are shown", () => {
  expect(longLine({ ...file, mtimeNs: -1n })).toContain(" 1969-12-31 23:59:59Z ");
  expect(longLine({ ...file, mtimeNs: 9_000_000_000_000n * 1_000_000_000n })).toContain(
    " @9000000000000 ",
  );
});

test("no name can break a line or move a cursor, and bytes that are no text are told apart", () => {
  expect(nameText(Buffer.from("a\nb\t\u001b[2J"))).toBe(String.raw`a\nb\t\x1B[2J`);
  expect(nameText(Buffer.from("caf\xe9", "latin1"))).toBe(String.raw`caf\xE9`);
});

test("as JSON nothing is lost: nanoseconds, and names that are no text", () => {
  const entry = {
    ...file,
    path: Buffer.from("caf\xe9", "latin1"),
    sha256: Buffer.alloc(32, 1),
    mtimeNs: -1n,
  };
  expect(JSON.parse(entryJson(entry))).toEqual({
    path: { b64: "Y2Fm6Q==" },
    kind: "file",
    mode: 420,
    uid: 1000,
    gid: 1001,
    mtime: "-0.000000001",
    size: 1234,
    sha256: "01".repeat(32),
  });
});
