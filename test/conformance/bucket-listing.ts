// What every object store must show of what lies in it: each promise of the port BucketListing as a fact.
import type { UploadPlace } from "@manman/core/bucket-survey.ts";
import type { BucketListing } from "@manman/core/ports.ts";
import { describe, expect, test } from "vitest";
import { bytes, newUpload, type ObjectStore, type StoreUnderTest } from "./object-store.ts";

/** In the byte order of UTF-8: a slash comes after `+`, `-` and `.`, and before digits and letters. */
const keysInOrder = [
  "backups/1\u0001",
  "backups/1-a/x",
  "backups/1.tar.gz",
  "backups/1/10.tar.gz",
  "backups/1/2.tar.gz",
  "backups/1/a b+c%2Fd&e.txt",
  "backups/1/deep/er/file",
  "backups/10/1.tar.gz",
  "backups/2/1.tar.gz",
  "backups/\u00e4/\ufb01",
  "backups/\u00e4/\u{1f5fb}",
];
const elsewhere = ["backup", "backups-old/1.tar.gz", "backupt/1.tar.gz", "manman/mark.json"];

export function bucketListingConformance(opened: () => Promise<StoreUnderTest>): void {
  describe("the list of objects", () => {
    test.each([1, 2, 3, 10, 11, 12, 1_000])(
      "in pages of %i shows every key with the prefix once, in the byte order of the keys",
      async (limit) => {
        const { store, elsewhere: other } = await opened();
        for (const key of [...keysInOrder, ...elsewhere].toReversed()) {
          await store.createSmallObject(key, bytes(5));
        }
        const pages = await objectPages(other, limit);
        expect(pages.flat()).toEqual(keysInOrder);
        expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
      },
    );

    test("goes on after a key that is gone, and after one that never was", async () => {
      const { store } = await opened();
      for (const key of keysInOrder) await store.createSmallObject(key, bytes(5));
      await store.removeObject("backups/1/2.tar.gz");
      const after = async (key: string): Promise<string | undefined> =>
        (await store.listObjects("backups/", key, 1)).objects[0]?.objectKey;
      expect(await after("backups/1/2.tar.gz")).toBe("backups/1/a b+c%2Fd&e.txt");
      expect(await after("backups/1/deep/f")).toBe("backups/10/1.tar.gz");
      expect(await after("backups/1+")).toBe("backups/1-a/x");
      expect(await after("backups/\u00e4/\u{1f5fb}")).toBeUndefined();
    });

    test("says how large each is, and when it was made", async () => {
      const { store } = await opened();
      const objectKey = "backups/42/5.tar.gz";
      const upload = newUpload(store, await store.openUpload(objectKey));
      await upload.send(1, 0, bytes(12_345));
      await upload.complete();
      const { objects, isLast } = await store.listObjects("backups/", null, 1_000);
      expect({ objects, isLast }).toEqual({
        objects: [{ objectKey, sizeBytes: 12_345, modifiedAtMs: expect.any(Number) }],
        isLast: true,
      });
      expect(Math.abs(Date.now() - (objects[0]?.modifiedAtMs ?? 0))).toBeLessThan(60_000);
    });

    test("of a store with nothing in it is empty, and shows no upload", async () => {
      const { store } = await opened();
      await store.openUpload("backups/42/5.tar.gz");
      const nothing = { objects: [], isLast: true };
      expect(await store.listObjects("backups/", null, 1_000)).toEqual(nothing);
    });
  });

  describe("the list of open uploads", () => {
    test.each([1, 2, 3, 1_000])(
      "in pages of %i shows every upload with the prefix once",
      async (limit) => {
        const { store, elsewhere: other } = await opened();
        const open: string[] = [];
        for (const key of ["backups/1\u0001", "backups/1/a b+c%2Fd&e.txt", "backups/x"]) {
          for (let n = 0; n < 2; n += 1) open.push(`${key} ${await store.openUpload(key)}`);
        }
        await store.openUpload("backupt/1.tar.gz");
        await store.abortUpload("backups/x", await store.openUpload("backups/x"));
        const pages = await uploadPages(other, limit);
        expect(pages.flat().toSorted()).toEqual(open.toSorted());
        expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(limit);
      },
    );

    test("goes on where it was although the upload there has ended", async () => {
      const { store } = await opened();
      const keys = ["backups/1/2.tar.gz", "backups/1/3.tar.gz", "backups/1/4.tar.gz"];
      for (const key of keys) await store.openUpload(key);
      const first = await store.listOpenUploads("backups/", null, 1);
      const [shown] = first.uploads;
      if (shown === undefined) throw new Error("none is shown");
      await store.abortUpload(shown.objectKey, shown.uploadId);
      const rest = await store.listOpenUploads("backups/", first.next, 1_000);
      expect(rest.next).toBeNull();
      expect([shown, ...rest.uploads].map(({ objectKey }) => objectKey).toSorted()).toEqual(keys);
    });

    test("says when each was opened, and shows no object", async () => {
      const { store } = await opened();
      await store.createSmallObject("backups/1/1.tar.gz", bytes(5));
      expect(await store.listOpenUploads("backups/", null, 1_000)).toEqual({
        uploads: [],
        next: null,
      });
      await store.openUpload("backups/1/2.tar.gz");
      const { uploads } = await store.listOpenUploads("backups/", null, 1_000);
      expect(Math.abs(Date.now() - (uploads[0]?.initiatedAtMs ?? 0))).toBeLessThan(60_000);
    });
  });
}

const pagesMax = 30;

async function objectPages(store: BucketListing, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (let afterKey: string | null = null; pages.length < pagesMax;) {
    const { objects, isLast } = await store.listObjects("backups/", afterKey, limit);
    pages.push(objects.map(({ objectKey }) => objectKey));
    if (isLast) return pages;
    afterKey = objects.at(-1)?.objectKey ?? null;
  }
  throw new Error(`no last page among ${pagesMax}`);
}

async function uploadPages(store: ObjectStore, limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: UploadPlace | null = null; pages.length < pagesMax;) {
    const { uploads, next } = await store.listOpenUploads("backups/", after, limit);
    pages.push(uploads.map(({ objectKey, uploadId }) => `${objectKey} ${uploadId}`));
    if (next === null) return pages;
    after = next;
  }
  throw new Error(`no last page among ${pagesMax}`);
}
