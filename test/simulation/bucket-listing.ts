// What lies in the simulated object store, page by page.
import type { BucketListing } from "@manman/core/ports.ts";
import type { AskStore, ObjectStore } from "./store.ts";

export function simListing(store: ObjectStore, ask: AskStore): BucketListing {
  return {
    listObjects: async (prefix, afterKey, limit) =>
      await ask(`list the objects after ${afterKey ?? prefix}`, () => {
        const found = [...store.objects]
          .filter(([key]) => key.startsWith(prefix) && inByteOrder(key, afterKey ?? "") > 0)
          .toSorted(([one], [other]) => inByteOrder(one, other));
        const objects = found.slice(0, limit).map(([objectKey, { bytes, storedAtMs = 0 }]) => {
          return { objectKey, sizeBytes: bytes.byteLength, modifiedAtMs: storedAtMs };
        });
        return { objects, isLast: found.length <= limit };
      }),
    listOpenUploads: async (prefix, after, limit) =>
      await ask(`list the open uploads after ${after?.objectKey ?? prefix}`, () => {
        const found = [...store.uploads.values()]
          .map(({ objectKey, uploadId, initiatedAtMs }) => ({ objectKey, uploadId, initiatedAtMs }))
          .filter(({ objectKey }) => objectKey.startsWith(prefix))
          .filter((upload) => after === null || inOrder(upload, after) > 0)
          .toSorted(inOrder);
        const uploads = found.slice(0, limit);
        return { uploads, next: found.length > limit ? (uploads.at(-1) ?? null) : null };
      }),
  };
}

type Place = { readonly objectKey: string; readonly uploadId: string };

function inOrder(one: Place, other: Place): number {
  return inByteOrder(one.objectKey, other.objectKey) || inByteOrder(one.uploadId, other.uploadId);
}

function inByteOrder(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
