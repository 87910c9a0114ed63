// The object store in a folder, on the real file system.
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";
import { describe } from "vitest";
import { objectStoreConformance } from "../conformance/object-store.ts";

describe("the store in a folder", () => {
  objectStoreConformance(async () => {
    const root = await mkdtemp(join(tmpdir(), "manman-store-"));
    const config = { root, nowMs: Date.now, newId: randomUUID };
    return {
      store: await openFolderStore(config),
      elsewhere: await openFolderStore(config),
      readObject: async (key) => new Uint8Array(await readFile(join(root, key))),
      remove: async () => await rm(root, { recursive: true }),
    };
  });
});
