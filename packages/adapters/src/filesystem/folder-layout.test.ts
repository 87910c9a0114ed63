import { expect, test } from "vitest";
import { folderLayout, newUploadId, readUploadName } from "./folder-layout.ts";

const layout = folderLayout("/store");

test.each([
  ["../x"],
  ["backups/../../x"],
  ["/etc/passwd"],
  ["backups//5"],
  ["backups/./5"],
  ["backups/5/"],
  [""],
  ["a\0b"],
  [".uploads/x"],
  ["x".repeat(256)],
  ["x/".repeat(600) + "x"],
])("the key %j is rejected before it becomes a path", (key) => {
  expect(() => layout.object(key)).toThrow("object key");
  expect(() => layout.openUpload(key, "1-x")).toThrow("object key");
});

test("a key lies under the folder as it reads", () => {
  expect(layout.object("backups/42/5.tar.gz")).toBe("/store/backups/42/5.tar.gz");
  expect(layout.object("..backups/.x")).toBe("/store/..backups/.x");
});

test("an upload id carries when it was opened, sealed or not", () => {
  const uuid = "0b1fd1a5-8a43-4b1f-9e57-6a9f0f3f8c11";
  const uploadId = newUploadId(1_790_000_000_123, uuid);
  expect(readUploadName(uploadId)).toEqual({ uploadId, initiatedAtMs: 1_790_000_000_123 });
  expect(readUploadName(`${uploadId}.sealed`)).toEqual({
    uploadId,
    initiatedAtMs: 1_790_000_000_123,
  });
  expect(readUploadName("something")).toBeNull();
});

test("an upload id cannot lead anywhere else", () => {
  const elsewhere = layout.openUpload("k", "../../../etc");
  expect(elsewhere).toMatch(/^\/store\/\.uploads\/[0-9a-f]{64}\/none$/);
});
