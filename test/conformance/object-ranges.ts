// What every object store must do with ranges of its objects: bring them, and copy them into new ones.
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { ObjectRange } from "@manman/core/ports.ts";
import { describe, expect, test } from "vitest";
import {
  away,
  bytes,
  digestOf,
  missing,
  newUpload,
  rejected,
  type ObjectStore,
  type StoreUnderTest,
} from "./object-store.ts";

/** What means something in an address or a header; but no `%`, which gateways decode twice when they copy. */
const baseKey = "backups/42/a b+c/=d&e?f#g'(h)*!~\u00e4\u{1f5fb}.tar.gz";
const key = "backups/42/6.tar.gz";
/** The smallest part that S3 takes, except as the last. */
const partBytes = 5_242_880;

const wanted = new AbortController().signal;

export function objectRangeConformance(opened: () => Promise<StoreUnderTest>): void {
  describe("reading ranges", () => {
    test("brings exactly the bytes asked for, to any process and any number side by side", async () => {
      const { store, elsewhere } = await opened();
      const whole = bytes(100_000);
      const of = await storeObject(store, baseKey, [whole]);
      const places = [
        [0, 1],
        [0, 100_000],
        [99_999, 1],
        [50_000, 7_000],
      ] as const;
      const read = await Promise.all(
        places.map(async ([offset, length]) => {
          return digestOf(await elsewhere.readRange({ ...of(offset, length), signal: wanted }));
        }),
      );
      expect(read).toEqual(
        places.map(([offset, length]) => digestOf(whole.subarray(offset, offset + length))),
      );
    });

    test("of an object that does not exist is missing", async () => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(10)]);
      const range = { ...of(0, 5), objectKey: key, signal: wanted };
      await expect(store.readRange(range)).rejects.toMatchObject(missing);
      await store.removeObject(baseKey);
      const gone = store.readRange({ ...of(0, 5), signal: wanted });
      await expect(gone).rejects.toMatchObject(missing);
    });

    test("of an object that another has taken the place of is rejected", async () => {
      const { store } = await opened();
      const before = await storeObject(store, baseKey, [bytes(10)]);
      const after = await storeObject(store, baseKey, [bytes(10)]);
      const stale = store.readRange({ ...before(0, 5), signal: wanted });
      await expect(stale).rejects.toMatchObject(rejected);
      expect((await store.readRange({ ...after(0, 5), signal: wanted })).byteLength).toBe(5);
    });

    test.each([
      [10, 1],
      [9, 2],
      [0, 11],
      [0, 0],
      [-1, 5],
      [0, 67_108_865],
    ])("from byte %d on, %d bytes of ten, is rejected", async (offsetBytes, lengthBytes) => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(10)]);
      const reading = store.readRange({ ...of(offsetBytes, lengthBytes), signal: wanted });
      await expect(reading).rejects.toMatchObject(rejected);
    });

    test("that is called off is given up with `away`", async () => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(10)]);
      const reading = store.readRange({ ...of(0, 5), signal: AbortSignal.abort() });
      await expect(reading).rejects.toMatchObject(away);
    });
  });

  describe("copying ranges", () => {
    test("makes parts of an object out of ranges of another, beside parts that are sent", async () => {
      const { store, elsewhere, readObject } = await opened();
      const base = [bytes(2 * partBytes), bytes(partBytes + 9)];
      const of = await storeObject(store, baseKey, base);
      const sent = bytes(partBytes + 3);
      const uploadId = await store.openUpload(key);
      const copying = newCopies(elsewhere, uploadId);
      const parts = [
        // Across the border of two parts of the base.
        await copying.copy(1, 0, of(partBytes + 1, partBytes + 5)),
        await newUpload(store, uploadId, key).send(2, partBytes + 5, sent),
        await copying.copy(3, 2 * partBytes + 8, of(2 * partBytes, partBytes)),
        await copying.copy(4, 3 * partBytes + 8, of(3 * partBytes + 2, 7)),
      ];
      await store.completeUpload(key, uploadId, parts);
      const whole = Buffer.concat(base);
      expect(digestOf(await readObject(key))).toBe(
        digestOf(
          whole.subarray(partBytes + 1, 2 * partBytes + 6),
          sent,
          whole.subarray(2 * partBytes, 3 * partBytes),
          whole.subarray(3 * partBytes + 2),
        ),
      );
      expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 3 * partBytes + 15 });
    });

    test("the copy stays when the object that it was made of is removed", async () => {
      const { store, readObject } = await opened();
      const whole = bytes(partBytes + 10);
      const of = await storeObject(store, baseKey, [whole]);
      const uploadId = await store.openUpload(key);
      const part = await newCopies(store, uploadId).copy(1, 0, of(0, partBytes));
      await store.removeObject(baseKey);
      await store.completeUpload(key, uploadId, [part]);
      expect(digestOf(await readObject(key))).toBe(digestOf(whole.subarray(0, partBytes)));
    });

    test("a part may be copied in place of one that was sent, and the other way round", async () => {
      const { store, readObject } = await opened();
      const whole = bytes(partBytes);
      const of = await storeObject(store, baseKey, [whole]);
      for (const lastCopied of [true, false]) {
        const uploadId = await store.openUpload(key);
        const sent = bytes(partBytes);
        const steps = [
          async () => await newUpload(store, uploadId, key).send(1, 0, sent),
          async () => await newCopies(store, uploadId).copy(1, 0, of(0, partBytes)),
        ];
        if (!lastCopied) steps.reverse();
        await steps[0]?.();
        const part = await steps[1]?.();
        if (part !== undefined) await store.completeUpload(key, uploadId, [part]);
        expect(digestOf(await readObject(key))).toBe(digestOf(lastCopied ? whole : sent));
      }
    });

    test("from an object that is gone is missing, and its bytes may be sent instead", async () => {
      const { store, readObject } = await opened();
      const of = await storeObject(store, baseKey, [bytes(partBytes)]);
      const uploadId = await store.openUpload(key);
      await store.removeObject(baseKey);
      const copying = newCopies(store, uploadId).copy(1, 0, of(0, partBytes));
      await expect(copying).rejects.toMatchObject(missing);
      const sent = bytes(10);
      const part = await newUpload(store, uploadId, key).send(1, 0, sent);
      await store.completeUpload(key, uploadId, [part]);
      expect(digestOf(await readObject(key))).toBe(digestOf(sent));
    });

    test("from an object that another has taken the place of is rejected", async () => {
      const { store } = await opened();
      const before = await storeObject(store, baseKey, [bytes(partBytes)]);
      await storeObject(store, baseKey, [bytes(partBytes)]);
      const uploadId = await store.openUpload(key);
      const copying = newCopies(store, uploadId).copy(1, 0, before(0, partBytes));
      await expect(copying).rejects.toMatchObject(rejected);
    });

    test("from behind the end of an object is rejected", async () => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(partBytes)]);
      const copies = newCopies(store, await store.openUpload(key));
      for (const range of [of(1, partBytes), of(partBytes, 1), of(0, 0), of(-1, 5)]) {
        await expect(copies.copy(1, 0, range)).rejects.toMatchObject(rejected);
      }
    });

    test("into an upload that was aborted or completed is missing", async () => {
      const { store, readObject } = await opened();
      const whole = bytes(partBytes);
      const of = await storeObject(store, baseKey, [whole]);
      const aborted = await store.openUpload(key);
      await store.abortUpload(key, aborted);
      const zombie = newCopies(store, aborted).copy(1, 0, of(0, partBytes));
      await expect(zombie).rejects.toMatchObject(missing);
      const completed = await store.openUpload(key);
      const copies = newCopies(store, completed);
      await store.completeUpload(key, completed, [await copies.copy(1, 0, of(0, partBytes))]);
      await expect(copies.copy(1, 0, of(0, partBytes))).rejects.toMatchObject(missing);
      expect(digestOf(await readObject(key))).toBe(digestOf(whole));
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("that is called off is given up with `away`", async () => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(partBytes)]);
      const uploadId = await store.openUpload(key);
      const called = { objectKey: key, uploadId, number: 1, offsetBytes: 0 };
      const from = of(0, partBytes);
      const copying = store.copyPart({ ...called, from, signal: AbortSignal.abort() });
      await expect(copying).rejects.toMatchObject(away);
    });

    test("a fault names the object and the part", async () => {
      const { store } = await opened();
      const of = await storeObject(store, baseKey, [bytes(partBytes)]);
      const copying = newCopies(store, "1-none").copy(3, 0, of(0, partBytes));
      await expect(copying).rejects.toThrow("upload backups/42/6.tar.gz part 3: ");
    });
  });
}

/** Makes an object of these parts, and answers what names ranges of it. */
async function storeObject(
  store: ObjectStore,
  objectKey: string,
  parts: readonly Uint8Array[],
): Promise<(offsetBytes: number, lengthBytes: number) => ObjectRange> {
  const upload = newUpload(store, await store.openUpload(objectKey), objectKey);
  let offset = 0;
  for (const [place, part] of parts.entries()) {
    await upload.send(place + 1, offset, part);
    offset += part.byteLength;
  }
  await upload.complete();
  const etag = (await store.inspectObject(objectKey))?.etag ?? "none";
  return (offsetBytes, lengthBytes) => ({ objectKey, etag, offsetBytes, lengthBytes });
}

function newCopies(store: ObjectStore, uploadId: string) {
  return {
    copy: async (number: number, offsetBytes: number, from: ObjectRange): Promise<StoredPart> => {
      const part = { objectKey: key, uploadId, number, offsetBytes, from, signal: wanted };
      return { number, etag: await store.copyPart(part), sizeBytes: from.lengthBytes };
    },
  };
}
