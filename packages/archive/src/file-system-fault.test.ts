import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { fileSystemFault, systemErrorCode } from "./file-system-fault.ts";

function systemError(code: string, errno: number): Error {
  return Object.assign(new Error("words that name /proc/self/fd/7/x"), { code, errno });
}

test.each([
  ["ENOENT", -2, "missing", "ENOENT (no such file or directory)"],
  ["EACCES", -13, "rejected", "EACCES (permission denied)"],
  ["EIO", -5, "away", "EIO (i/o error)"],
  ["EMFILE", -24, "exhausted", "EMFILE (too many open files)"],
  ["EISDIR", -21, "rejected", "EISDIR (illegal operation on a directory)"],
])("%s names the path and says what it is", (code, errno, kind, words) => {
  const fault = fileSystemFault(systemError(code, errno), "read", "/data/game/level.dat");
  expect(fault).toBeInstanceOf(Fault);
  expect(fault).toMatchObject({ kind, message: `read /data/game/level.dat: ${words}` });
});

test("what is no system error comes back unchanged", () => {
  const bug = new TypeError("not a function");
  expect(fileSystemFault(bug, "read", "/data")).toBe(bug);
  expect(systemErrorCode(bug)).toBeUndefined();
  expect(systemErrorCode(systemError("ENOENT", -2))).toBe("ENOENT");
});
