// Lists what lies in the folder, page by page: one folder's names are in memory at a time, and one page of files.
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ListedObject, ListedUpload, UploadPlace } from "@manman/core/bucket-survey.ts";
import type { BucketListing } from "@manman/core/ports.ts";
import { orFault, unlessMissing } from "./folder-fault.ts";
import { keyFile, readUploadName, uploadsName, type FolderLayout } from "./folder-layout.ts";
import { assertPresent } from "./folder-presence.ts";

export function folderBucketListing(layout: FolderLayout): BucketListing {
  return {
    listObjects: async (prefix, afterKey, limit) =>
      await orFault(`list the objects after ${afterKey ?? prefix}`, async () => {
        await assertPresent(layout);
        return await listObjects(layout, { prefix, afterKey: afterKey ?? "" }, limit);
      }),
    listOpenUploads: async (prefix, after, limit) =>
      await orFault(`list the open uploads after ${after?.objectKey ?? prefix}`, async () => {
        await assertPresent(layout);
        return await listOpenUploads(layout, prefix, after, limit);
      }),
  };
}

type Range = { readonly prefix: string; readonly afterKey: string };

async function listObjects(
  layout: FolderLayout,
  range: Range,
  limit: number,
): ReturnType<BucketListing["listObjects"]> {
  const objects: ListedObject[] = [];
  for await (const objectKey of keysBelow(layout, "", range)) {
    if (objects.length === limit) return { objects, isLast: false };
    const found = await unlessMissing(stat(join(layout.root, objectKey)), null);
    if (found === null) continue;
    objects.push({ objectKey, sizeBytes: found.size, modifiedAtMs: Math.floor(found.mtimeMs) });
  }
  return { objects, isLast: true };
}

/** The keys of all files in a folder (`within` ends in a slash, or is empty) and below, in the byte order of the keys. */
async function* keysBelow(
  layout: FolderLayout,
  within: string,
  range: Range,
): AsyncGenerator<string> {
  const found = await unlessMissing(
    readdir(join(layout.root, within), { withFileTypes: true }),
    [],
  );
  // A folder's keys go on with a slash, and stand where that puts them.
  const names = found
    .filter((entry) => entry.isFile() || entry.isDirectory())
    .map((entry) => within + entry.name + (entry.isDirectory() ? "/" : ""))
    .filter((name) => mayHold(name, range) && join(layout.root, name) !== `${layout.uploads}/`)
    .toSorted(inByteOrder);
  for (const name of names) {
    if (name.endsWith("/")) yield* keysBelow(layout, name, range);
    else yield name;
  }
}

/** Whether a key, or one that begins with it when it ends in a slash, may lie in the range. */
function mayHold(name: string, { prefix, afterKey }: Range): boolean {
  if (!name.endsWith("/")) return name.startsWith(prefix) && inByteOrder(name, afterKey) > 0;
  const isOnTheWay = name.startsWith(prefix) || prefix.startsWith(name);
  return isOnTheWay && (afterKey.startsWith(name) || inByteOrder(name, afterKey) > 0);
}

function inByteOrder(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

/** In the order of the folders that hold them, by key, and of the ids. */
async function listOpenUploads(
  layout: FolderLayout,
  prefix: string,
  after: UploadPlace | null,
  limit: number,
): ReturnType<BucketListing["listOpenUploads"]> {
  const from = after === null ? "" : uploadsName(after.objectKey);
  const folders = (await readdir(layout.uploads)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const uploads: ListedUpload[] = [];
  for (const folder of folders.filter((name) => name >= from).toSorted()) {
    for (const upload of await uploadsIn(join(layout.uploads, folder))) {
      if (!upload.objectKey.startsWith(prefix)) continue;
      if (folder === from && upload.uploadId <= (after?.uploadId ?? "")) continue;
      const last = uploads.at(-1);
      if (uploads.length === limit && last !== undefined) return { uploads, next: last };
      uploads.push(upload);
    }
  }
  return { uploads, next: null };
}

async function uploadsIn(folder: string): Promise<readonly ListedUpload[]> {
  const uploads: ListedUpload[] = [];
  for (const name of await unlessMissing(readdir(folder), [])) {
    const upload = readUploadName(name);
    if (upload === null) continue;
    const objectKey = await unlessMissing(readFile(join(folder, name, keyFile), "utf8"), null);
    // It ended while we looked, or its opening was cut short: then nobody has its id, and it holds nothing.
    if (objectKey !== null) uploads.push({ objectKey, ...upload });
  }
  return uploads.toSorted((one, other) => (one.uploadId < other.uploadId ? -1 : 1));
}
