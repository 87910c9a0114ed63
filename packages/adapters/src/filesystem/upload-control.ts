// Opens, completes, aborts and lists uploads in a folder. Every step that counts is one rename, so that a process killed between
// two steps leaves a state that the repeat of the call goes on from.
import { access, constants, mkdir, open, readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { Fault } from "@manman/core/fault.ts";
import type { OpenUpload, UploadControl } from "@manman/core/ports.ts";
import { makeFolder, syncFolder, writeSynced } from "./durable-folder.ts";
import { codeOf, orFault, unlessMissing } from "./folder-fault.ts";
import { keyFile, newUploadId, readUploadName, type FolderLayout } from "./folder-layout.ts";
import { assertPresent, throwMissing } from "./folder-presence.ts";
import { inspectFile, removeFile } from "./object-file.ts";
import { gatherParts } from "./part-gathering.ts";
import { folderSmallObjects } from "./small-objects.ts";

const uploadsListedMax = 1_000;
const openTriesMax = 5;

export function folderUploadControl(
  layout: FolderLayout,
  nowMs: () => number,
  newId: () => string,
): UploadControl {
  return {
    openUpload: async (key) => {
      const uploadId = newUploadId(nowMs(), newId());
      await orFault(
        `open an upload of ${key}`,
        async () => await openUpload(layout, key, uploadId),
      );
      return uploadId;
    },
    completeUpload: async (key, uploadId, parts) => {
      const context = `complete upload ${uploadId} of ${key}`;
      await orFault(context, async () => {
        await completeUpload(layout, key, uploadId, parts, context);
      });
    },
    abortUpload: async (key, uploadId) => {
      await orFault(`abort upload ${uploadId} of ${key}`, async () => {
        await discardUpload(layout, key, uploadId);
        await assertPresent(layout);
      });
    },
    listUploads: async (key) => {
      return await orFault(
        `list the uploads of ${key}`,
        async () => await listUploads(layout, key),
      );
    },
    inspectObject: async (key) => await inspectFile(layout, key),
    removeObject: async (key) => await removeFile(layout, key),
    ...folderSmallObjects(layout, newId),
    urlOf: (key) => pathToFileURL(layout.object(key)).href,
    check: async () => {
      await orFault(`look for the object store in ${layout.root}`, async () => {
        await assertPresent(layout);
        await access(layout.root, constants.R_OK | constants.W_OK | constants.X_OK);
      });
    },
    close: () => {},
  };
}

async function openUpload(layout: FolderLayout, key: string, uploadId: string): Promise<void> {
  const folder = layout.openUpload(key, uploadId);
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(layout.uploadsOf(key)).catch(unlessCode("EEXIST"));
      await mkdir(folder);
      break;
    } catch (error) {
      // The last upload of this key ended between the two, and its folder with it; or all of the store is gone.
      if (codeOf(error) !== "ENOENT" || tries === openTriesMax) throw error;
      await assertPresent(layout);
    }
  }
  await writeSynced(join(folder, keyFile), new TextEncoder().encode(key));
  await syncFolder(folder);
  await syncFolder(dirname(folder));
  await syncFolder(layout.uploads);
}

async function completeUpload(
  layout: FolderLayout,
  key: string,
  uploadId: string,
  parts: readonly StoredPart[],
  context: string,
): Promise<void> {
  const [opened, sealed] = [layout.openUpload(key, uploadId), layout.sealedUpload(key, uploadId)];
  // From here on no sender adds to it: they know its folder by the other name.
  await unlessMissing(rename(opened, sealed), undefined);
  try {
    const data = await gatherParts(sealed, parts, context);
    await moveIntoPlace(data, layout.object(key));
    // Still there: the data is in its place, whoever moved it. Otherwise the upload was aborted, or somebody else completed it.
    await stat(sealed);
  } catch (error) {
    if (error instanceof Fault && error.kind === "rejected") {
      await unlessMissing(rename(sealed, opened), undefined);
    }
    if (codeOf(error) !== "ENOENT") throw error;
    await discardUpload(layout, key, uploadId);
    await throwMissing(layout, `${context}: there is no such upload`);
  }
  await discardUpload(layout, key, uploadId);
}

/** A file that is not there any more was moved by an earlier try, or by somebody else's. */
async function moveIntoPlace(
  data: { readonly path: string; readonly sizeBytes: number },
  objectPath: string,
): Promise<void> {
  await unlessMissing(cutTo(data.path, data.sizeBytes), undefined);
  await makeFolder(dirname(objectPath));
  await unlessMissing(rename(data.path, objectPath), undefined);
  await syncFolder(dirname(objectPath));
}

/** What lies behind the last part belongs to parts that were left out. */
async function cutTo(path: string, sizeBytes: number): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.truncate(sizeBytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Takes the upload away in one step, then removes what it held. */
async function discardUpload(layout: FolderLayout, key: string, uploadId: string): Promise<void> {
  const trashed = layout.trashedUpload(uploadId);
  await unlessMissing(rename(layout.openUpload(key, uploadId), trashed), undefined);
  await unlessMissing(rename(layout.sealedUpload(key, uploadId), trashed), undefined);
  await rm(trashed, { recursive: true, force: true });
  await rmdir(layout.uploadsOf(key)).catch(unlessCode("ENOENT", "ENOTEMPTY", "EEXIST"));
}

async function listUploads(layout: FolderLayout, key: string): Promise<OpenUpload[]> {
  const names = await unlessMissing(readdir(layout.uploadsOf(key)), null);
  if (names === null) await assertPresent(layout);
  return (names ?? [])
    .map(readUploadName)
    .filter((upload) => upload !== null)
    .slice(0, uploadsListedMax);
}

function unlessCode(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!codes.includes(codeOf(error) ?? "")) throw error;
  };
}
