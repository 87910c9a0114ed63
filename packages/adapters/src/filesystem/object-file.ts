// The objects themselves: plain files under the folder.
import type { BigIntStats } from "node:fs";
import { stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { StoredObject } from "@manman/core/ports.ts";
import { syncFolder } from "./durable-folder.ts";
import { codeOf, orFault, unlessMissing } from "./folder-fault.ts";
import type { FolderLayout } from "./folder-layout.ts";
import { assertPresent } from "./folder-presence.ts";

/** Null where there is no such file. Its etag changes whenever another file takes its place. */
export async function inspectFile(layout: FolderLayout, key: string): Promise<StoredObject | null> {
  return await orFault(`inspect ${key}`, async () => {
    const path = layout.object(key);
    const found = await unlessMissing(stat(path, { bigint: true }), null);
    if (found === null) await assertPresent(layout);
    if (found === null || !found.isFile()) return null;
    return { sizeBytes: Number(found.size), etag: etagOf(found) };
  });
}

export function etagOf(file: BigIntStats): string {
  return `${file.ino}-${file.mtimeNs}-${file.size}`;
}

/** A file that does not exist is removed already. */
export async function removeFile(layout: FolderLayout, key: string): Promise<void> {
  await orFault(`remove ${key}`, async () => {
    const path = layout.object(key);
    try {
      await unlink(path);
      await syncFolder(dirname(path));
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await assertPresent(layout);
    }
  });
}
