import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { closeCapture, type Capture } from "@manman/archive/capture.ts";
import { walkTree } from "@manman/archive/tree-walk.ts";
import { expect, test } from "vitest";
import { openBelow } from "./open-descriptors.ts";
import { scratchDir } from "./scratch-dir.ts";

const secret = "what lies outside the tree";

/** Walks a tree of `a/inner` and `b`, and lets the test do its worst once the root has been listed. */
async function walkWith(swap: (root: string) => void): Promise<object[]> {
  const dir = scratchDir();
  const root = join(dir, "data");
  mkdirSync(join(root, "a"), { recursive: true });
  writeFileSync(join(root, "a/inner"), "inner");
  writeFileSync(join(root, "b"), "b");
  mkdirSync(join(dir, "outside"));
  writeFileSync(join(dir, "outside/inner"), secret);
  const found: object[] = [];
  for await (const step of walkOf(root)) {
    const capture = await step.capture;
    await closeCapture(capture);
    found.push(shown(capture));
    if (found.length === 1) swap(root);
  }
  expect(openBelow(dir)).toEqual([]);
  return found.slice(1);
}

function walkOf(root: string): ReturnType<typeof walkTree> {
  const { signal } = new AbortController();
  const rootPath = Buffer.from(root);
  return walkTree({ rootPath, rootName: "game", emptyRoot: "refuse", signal });
}

/** What a test looks at, with bytes as text. */
function shown(capture: Capture): object {
  const path = capture.path.toString();
  if (capture.kind === "left-out") return { path, reason: capture.reason };
  if (capture.kind !== "file") return { path, kind: capture.kind };
  const data = capture.data.kind === "whole" ? capture.data.bytes.toString() : "open";
  return { path, kind: "file", data };
}

const inner = { path: "game/a/inner", kind: "file", data: "inner" };
const b = { path: "game/b", kind: "file", data: "b" };
const directory = { path: "game/a/", kind: "directory" };

test("nothing is left out of a tree that nobody touches", async () => {
  expect(await walkWith(() => undefined)).toEqual([inner, b, directory]);
});

test("a file swapped for a symlink is not followed", async () => {
  const found = await walkWith((root) => {
    unlinkSync(join(root, "b"));
    symlinkSync("../outside/inner", join(root, "b"));
  });
  expect(found).toEqual([inner, { path: "game/b", reason: "replaced" }, directory]);
});

test("a directory swapped for a symlink is not followed", async () => {
  const found = await walkWith((root) => {
    renameSync(join(root, "a"), join(root, "moved"));
    symlinkSync("../outside", join(root, "a"));
  });
  expect(found).toEqual([{ path: "game/a/", reason: "replaced" }, b]);
});

test("a file swapped for a fifo hangs nobody", async () => {
  const found = await walkWith((root) => {
    unlinkSync(join(root, "b"));
    execFileSync("mkfifo", [join(root, "b")]);
  });
  expect(found).toEqual([inner, { path: "game/b", reason: "replaced" }, directory]);
});

test("a file swapped for a directory is left out", async () => {
  const found = await walkWith((root) => {
    unlinkSync(join(root, "b"));
    mkdirSync(join(root, "b"));
  });
  expect(found).toEqual([inner, { path: "game/b", reason: "replaced" }, directory]);
});

test("a file and a directory that vanish are left out", async () => {
  const found = await walkWith((root) => {
    rmSync(join(root, "a"), { recursive: true });
    unlinkSync(join(root, "b"));
  });
  expect(found).toEqual([
    { path: "game/a/", reason: "vanished" },
    { path: "game/b", reason: "vanished" },
  ]);
});

test("a file saved anew by rename is taken as it is now", async () => {
  const found = await walkWith((root) => {
    writeFileSync(join(root, "b.tmp"), "new");
    renameSync(join(root, "b.tmp"), join(root, "b"));
  });
  expect(found).toEqual([inner, { path: "game/b", kind: "file", data: "new" }, directory]);
});

test("a directory swapped for a symlink after it was entered is still the one that is read", async () => {
  const dir = scratchDir();
  const root = join(dir, "data");
  mkdirSync(join(root, "a"), { recursive: true });
  mkdirSync(join(dir, "outside"));
  for (const name of ["1", "2"]) {
    writeFileSync(join(root, "a", name), "inside");
    writeFileSync(join(dir, "outside", name), secret);
  }
  const walk = walkOf(root);
  await walk.next();
  await (
    await walk.next()
  ).value?.capture;
  renameSync(join(root, "a"), join(dir, "moved"));
  symlinkSync("../outside", join(root, "a"));
  const second = await (await walk.next()).value?.capture;
  await walk.return();
  expect(second && shown(second)).toEqual({ path: "game/a/2", kind: "file", data: "inside" });
});
