// Reads and writes the few small objects that the control plane keeps in the folder about itself; each appears whole, in one step.
import { link, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { smallObjectBytesMax, type UploadControl } from "@manman/core/ports.ts";
import { makeFolder, syncFolder, writeSynced } from "./durable-folder.ts";
import { codeOf, orFault, unlessMissing } from "./folder-fault.ts";
import type { FolderLayout } from "./folder-layout.ts";
import { assertPresent } from "./folder-presence.ts";

type SmallObjects = Pick<
  UploadControl,
  "readSmallObject" | "createSmallObject" | "replaceSmallObject"
>;

export function folderSmallObjects(layout: FolderLayout, newId: () => string): SmallObjects {
  const write = async (
    key: string,
    bytes: Uint8Array,
    place: (from: string, to: string) => Promise<void>,
  ): Promise<void> => {
    await orFault(`write ${key}`, async () => {
      const path = layout.object(key);
      await assertPresent(layout);
      const aside = join(layout.trash, newId());
      try {
        await writeSynced(aside, bytes);
        await makeFolder(dirname(path));
        await place(aside, path);
      } finally {
        await unlessMissing(unlink(aside), undefined);
      }
      await syncFolder(dirname(path));
    });
  };
  return {
    readSmallObject: async (key) =>
      await orFault(`read ${key}`, async () => {
        const bytes = await readBounded(layout.object(key), key);
        if (bytes === null) await assertPresent(layout);
        return bytes;
      }),
    createSmallObject: async (key, bytes) => await write(key, bytes, linkUnlessThere),
    replaceSmallObject: async (key, bytes) => await write(key, bytes, rename),
  };
}

async function linkUnlessThere(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

async function readBounded(path: string, key: string): Promise<Uint8Array | null> {
  const found = await unlessMissing(stat(path), null);
  if (found === null) return null;
  if (found.size > smallObjectBytesMax) {
    throw new Fault("rejected", `read ${key}: it has ${found.size} bytes, too many for it`);
  }
  return await unlessMissing(readFile(path), null);
}
