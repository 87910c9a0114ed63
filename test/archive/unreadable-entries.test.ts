import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openBelow } from "./open-descriptors.ts";
import { asOrdinaryUser } from "./ordinary-user.ts";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

test.each([
  { what: "a file", path: "world/secret.dat" },
  { what: "a directory", path: "world/secret" },
])("$what that may not be read fails the whole pack and is named", async ({ path }) => {
  const root = join(scratchDir(), "data");
  mkdirSync(join(root, "world/secret"), { recursive: true });
  writeFileSync(join(root, "world/secret.dat"), "data");
  chmodSync(join(root, path), 0o000);
  await asOrdinaryUser(async () => {
    await expect(packToMemory({ rootPath: root })).rejects.toMatchObject({
      name: "Fault",
      kind: "rejected",
      message: `open ${root}/${path}: EACCES (permission denied)`,
    });
  });
  expect(openBelow(root)).toEqual([]);
});

test("a file that may not be read fails the pack when everything before it is made already", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "secret.dat"), "data", { mode: 0 });
  await asOrdinaryUser(async () => {
    // One worker makes one segment after the other, so that nothing else is under way that could fail with it.
    await expect(packToMemory({ rootPath: root, workers: 1 })).rejects.toMatchObject({
      name: "Fault",
      message: `open ${root}/secret.dat: EACCES (permission denied)`,
    });
  });
});

test("a directory that may be listed but not entered fails the whole pack", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(join(root, "listed"), { recursive: true });
  writeFileSync(join(root, "listed/file"), "data");
  chmodSync(join(root, "listed"), 0o444);
  await asOrdinaryUser(async () => {
    await expect(packToMemory({ rootPath: root })).rejects.toMatchObject({
      message: `open ${root}/listed/file: EACCES (permission denied)`,
    });
  });
});

test("a root that may not be read fails", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root, { mode: 0o000 });
  await asOrdinaryUser(async () => {
    await expect(packToMemory({ rootPath: root })).rejects.toMatchObject({
      message: `open ${root}: EACCES (permission denied)`,
    });
  });
});

test("an ordinary user packs what it may read, others' files too", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "data");
  if (process.getuid?.() === 0) chownSync(join(root, "file"), 1234, 1234);
  await asOrdinaryUser(async () => {
    expect((await packToMemory({ rootPath: root })).summary.files).toBe(1);
  });
});
