// What every object store must do: each promise of its ports as a fact.
import { createHash, randomBytes } from "node:crypto";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { BucketListing, ObjectReader, PartSender, UploadControl } from "@manman/core/ports.ts";
import { describe, expect, onTestFinished, test } from "vitest";
import { bucketListingConformance } from "./bucket-listing.ts";
import { objectRangeConformance } from "./object-ranges.ts";

export type ObjectStore = UploadControl & PartSender & ObjectReader & BucketListing;

export type StoreUnderTest = {
  readonly store: ObjectStore;
  /** The same store as another process has it open. */
  readonly elsewhere: ObjectStore;
  /** The bytes of an object, read around the store. */
  readonly readObject: (key: string) => Promise<Uint8Array>;
  readonly remove: () => Promise<void>;
};

const key = "backups/42/5.tar.gz";
/** The smallest part that S3 takes, except as the last. */
const partBytes = 5_242_880;

/** Runs the facts against stores that `open` makes, a new and empty one for each. */
export function objectStoreConformance(open: () => Promise<StoreUnderTest>): void {
  const opened = async (): Promise<StoreUnderTest> => {
    const under = await open();
    onTestFinished(async () => {
      under.store.close();
      under.elsewhere.close();
      await under.remove();
    });
    return under;
  };

  describe("completing", () => {
    test("parts sent in any order become one object in the order of their numbers", async () => {
      const { store, readObject } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      const [first, second, third] = [bytes(partBytes), bytes(partBytes), bytes(7)];
      await upload.send(3, 2 * partBytes, third);
      await upload.send(1, 0, first);
      await upload.send(2, partBytes, second);
      await upload.complete();
      expect(digestOf(await readObject(key))).toBe(digestOf(first, second, third));
      expect(await store.inspectObject(key)).toMatchObject({ sizeBytes: 10_485_767 });
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("there is no object before", async () => {
      const { store } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      await upload.send(1, 0, bytes(10));
      expect(await store.inspectObject(key)).toBeNull();
    });

    test("a part that is sent again counts as it was sent last", async () => {
      const { store, readObject } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      await upload.send(1, 0, bytes(10));
      const again = bytes(8);
      await upload.send(1, 0, again);
      await upload.complete();
      expect(digestOf(await readObject(key))).toBe(digestOf(again));
    });

    test("the etag of a part that was sent again since is rejected", async () => {
      const { store } = await opened();
      const uploadId = await store.openUpload(key);
      const upload = newUpload(store, uploadId);
      const before = await upload.send(1, 0, bytes(10));
      await upload.send(1, 0, bytes(10));
      await expect(store.completeUpload(key, uploadId, [before])).rejects.toMatchObject(rejected);
    });

    test("parts that are not named are left out, or make it rejected", async () => {
      const { store, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      const upload = newUpload(store, uploadId);
      const kept = bytes(10);
      const part = await upload.send(1, 0, kept);
      await upload.send(2, 10, bytes(10));
      const outcome = await outcomeOf(store.completeUpload(key, uploadId, [part]));
      const object = await store.inspectObject(key);
      const found = object === null ? null : digestOf(await readObject(key));
      expect([
        ["completed", digestOf(kept)],
        ["rejected", null],
      ]).toContainEqual([outcome, found]);
    });

    test("parts may come from several processes", async () => {
      const { store, elsewhere, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      const [first, second] = [bytes(partBytes), bytes(9)];
      const parts = [
        await newUpload(elsewhere, uploadId).send(1, 0, first),
        await newUpload(store, uploadId).send(2, partBytes, second),
      ];
      await elsewhere.completeUpload(key, uploadId, parts);
      expect(digestOf(await readObject(key))).toBe(digestOf(first, second));
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("of a part that two processes sent, the one whose etag is named counts", async () => {
      const { store, elsewhere, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      await newUpload(store, uploadId).send(1, 0, bytes(12));
      const last = bytes(10);
      const part = await newUpload(elsewhere, uploadId).send(1, 0, last);
      await store.completeUpload(key, uploadId, [part]);
      expect(digestOf(await readObject(key))).toBe(digestOf(last));
    });

    test("an object of the same key is replaced whole", async () => {
      const { store, readObject } = await opened();
      const before = newUpload(store, await store.openUpload(key));
      await before.send(1, 0, bytes(1_000));
      await before.complete();
      const etag = (await store.inspectObject(key))?.etag;
      const after = newUpload(store, await store.openUpload(key));
      const replacing = bytes(10);
      await after.send(1, 0, replacing);
      await after.complete();
      expect(digestOf(await readObject(key))).toBe(digestOf(replacing));
      expect((await store.inspectObject(key))?.etag).not.toBe(etag);
    });

    test("repeated, it succeeds or says missing, and leaves the object as it is", async () => {
      const { store, readObject } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      const sent = bytes(10);
      await upload.send(1, 0, sent);
      await upload.complete();
      expect(["completed", "missing"]).toContain(await outcomeOf(upload.complete()));
      expect(digestOf(await readObject(key))).toBe(digestOf(sent));
    });

    test("asked for twice at once, it makes one object", async () => {
      const { store, elsewhere, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      const sent = bytes(10);
      const parts = [await newUpload(store, uploadId).send(1, 0, sent)];
      const outcomes = await Promise.all([
        outcomeOf(store.completeUpload(key, uploadId, parts)),
        outcomeOf(elsewhere.completeUpload(key, uploadId, parts)),
      ]);
      expect(outcomes).toContain("completed");
      expect(digestOf(await readObject(key))).toBe(digestOf(sent));
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("an upload that never was is missing", async () => {
      const { store } = await opened();
      const uploadId = await store.openUpload(key);
      const part = await newUpload(store, uploadId).send(1, 0, bytes(10));
      await expect(store.completeUpload(key, "1-none", [part])).rejects.toMatchObject(missing);
      await expect(
        store.completeUpload("backups/42/6.tar.gz", uploadId, [part]),
      ).rejects.toMatchObject(missing);
    });

    test("parts that do not match are rejected, and the upload stays open", async () => {
      const { store, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      const upload = newUpload(store, uploadId);
      const [first, second] = [bytes(partBytes), bytes(10)];
      const one = await upload.send(1, 0, first);
      const two = await upload.send(2, partBytes, second);
      const complete = async (parts: readonly StoredPart[]): Promise<void> => {
        await store.completeUpload(key, uploadId, parts);
      };
      await expect(complete([])).rejects.toMatchObject(rejected);
      await expect(complete([one, { ...two, etag: one.etag }])).rejects.toMatchObject(rejected);
      await expect(complete([one, { ...two, number: 3 }])).rejects.toMatchObject(rejected);
      await expect(complete([two, one])).rejects.toMatchObject(rejected);
      await expect(complete([one, one])).rejects.toMatchObject(rejected);
      expect(await store.inspectObject(key)).toBeNull();
      expect(await store.listUploads(key)).toMatchObject([{ uploadId }]);
      await complete([one, two]);
      expect(digestOf(await readObject(key))).toBe(digestOf(first, second));
    });
  });

  describe("aborting", () => {
    test("fences the upload off: no part is taken any more, and it cannot be completed", async () => {
      const { store, elsewhere } = await opened();
      const uploadId = await store.openUpload(key);
      const zombie = newUpload(elsewhere, uploadId);
      await zombie.send(1, 0, bytes(partBytes));
      await store.abortUpload(key, uploadId);
      await expect(zombie.send(2, partBytes, bytes(10))).rejects.toMatchObject(missing);
      await expect(zombie.send(1, 0, bytes(partBytes))).rejects.toMatchObject(missing);
      await expect(zombie.complete()).rejects.toMatchObject(missing);
      expect(await store.inspectObject(key)).toBeNull();
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("a part that is on its way meanwhile changes nothing", async () => {
      const { store, elsewhere } = await opened();
      for (let round = 0; round < 5; round += 1) {
        const uploadId = await store.openUpload(key);
        const sending = outcomeOf(newUpload(elsewhere, uploadId).send(1, 0, bytes(4 * partBytes)));
        await store.abortUpload(key, uploadId);
        expect(["completed", "missing"]).toContain(await sending);
        expect(await store.listUploads(key)).toEqual([]);
      }
    });

    test("may be repeated, and asked for what never was", async () => {
      const { store } = await opened();
      const uploadId = await store.openUpload(key);
      await store.abortUpload(key, uploadId);
      await store.abortUpload(key, uploadId);
      await store.abortUpload(key, "1-none");
      expect(await store.listUploads(key)).toEqual([]);
    });

    test("does nothing to an object that the upload has become", async () => {
      const { store, readObject } = await opened();
      const uploadId = await store.openUpload(key);
      const upload = newUpload(store, uploadId);
      const sent = bytes(10);
      await upload.send(1, 0, sent);
      await upload.complete();
      await store.abortUpload(key, uploadId);
      expect(digestOf(await readObject(key))).toBe(digestOf(sent));
    });

    test("does nothing to another upload of the same key", async () => {
      const { store } = await opened();
      const stays = await store.openUpload(key);
      await store.abortUpload(key, await store.openUpload(key));
      expect(await store.listUploads(key)).toMatchObject([{ uploadId: stays }]);
    });
  });

  test("completing and aborting at once ends with the whole object or with none", async () => {
    const { store, elsewhere } = await opened();
    const outcomes = new Set<string>();
    for (let round = 0; round < 30; round += 1) {
      const uploadId = await store.openUpload(key);
      const part = await newUpload(store, uploadId).send(1, 0, bytes(100));
      const [completing] = await Promise.allSettled([
        elsewhere.completeUpload(key, uploadId, [part]),
        store.abortUpload(key, uploadId),
      ]);
      await store.abortUpload(key, uploadId);
      const object = await store.inspectObject(key);
      outcomes.add(`${completing.status}, ${object?.sizeBytes ?? "no"} bytes`);
      expect(await store.listUploads(key)).toEqual([]);
      await store.removeObject(key);
    }
    // A completion that answered no may still have been done, as after any lost answer; one that answered yes was.
    const lawful = ["fulfilled, 100 bytes", "rejected, no bytes", "rejected, 100 bytes"];
    expect([...outcomes].filter((outcome) => !lawful.includes(outcome))).toEqual([]);
  });

  describe("sending", () => {
    test("a part for an upload that was completed is missing its upload", async () => {
      const { store, readObject } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      const sent = bytes(10);
      await upload.send(1, 0, sent);
      await upload.complete();
      await expect(upload.send(1, 0, bytes(10))).rejects.toMatchObject(missing);
      expect(digestOf(await readObject(key))).toBe(digestOf(sent));
    });

    test("a part that is called off is given up with `away`", async () => {
      const { store } = await opened();
      const uploadId = await store.openUpload(key);
      const send = async (signal: AbortSignal): Promise<string> => {
        const part = { objectKey: key, uploadId, number: 1, offsetBytes: 0, signal };
        return await store.sendPart({ ...part, bytes: bytes(partBytes) });
      };
      await expect(send(AbortSignal.abort())).rejects.toMatchObject({
        name: "Fault",
        kind: "away",
      });
      const later = new AbortController();
      const sending = send(later.signal);
      later.abort();
      await expect(sending).rejects.toMatchObject({ name: "Fault", kind: "away" });
    });

    test("a fault names the object and the part", async () => {
      const { store } = await opened();
      const sending = newUpload(store, "1-none").send(3, 0, bytes(10));
      await expect(sending).rejects.toThrow("upload backups/42/5.tar.gz part 3: ");
    });
  });

  describe("listing", () => {
    test("shows each open upload of exactly that key, and when it was opened", async () => {
      const { store, elsewhere } = await opened();
      const [one, two] = [await store.openUpload(key), await store.openUpload(key)];
      await store.openUpload(`${key}.sig`);
      await store.openUpload("backups/42/5");
      const listed = await elsewhere.listUploads(key);
      expect(listed.map(({ uploadId }) => uploadId).toSorted()).toEqual([one, two].toSorted());
      for (const { initiatedAtMs } of listed) {
        expect(Math.abs(Date.now() - initiatedAtMs)).toBeLessThan(60_000);
      }
    });

    test("shows nothing for a key without uploads", async () => {
      const { store } = await opened();
      expect(await store.listUploads(key)).toEqual([]);
    });
  });

  describe("objects", () => {
    test("one that does not exist is null", async () => {
      const { store } = await opened();
      expect(await store.inspectObject(key)).toBeNull();
    });

    test("removal takes exactly that object, and may be repeated", async () => {
      const { store } = await opened();
      for (const name of [key, `${key}.sig`]) {
        const uploadId = await store.openUpload(name);
        const part = await newUpload(store, uploadId, name).send(1, 0, bytes(10));
        await store.completeUpload(name, uploadId, [part]);
      }
      await store.removeObject(key);
      await store.removeObject(key);
      expect(await store.inspectObject(key)).toBeNull();
      expect(await store.inspectObject(`${key}.sig`)).toMatchObject({ sizeBytes: 10 });
    });

    test("have an address that ends in their key", async () => {
      const { store } = await opened();
      expect(store.urlOf(key)).toMatch(/^(s3|file):\/\/.*\/backups\/42\/5\.tar\.gz$/);
    });
  });

  describe("small objects", () => {
    test("one that does not exist is null", async () => {
      const { store } = await opened();
      expect(await store.readSmallObject("manman/marker.json")).toBeNull();
    });

    test("one that was made is read by every process, and is made once", async () => {
      const { store, elsewhere } = await opened();
      await store.createSmallObject("manman/marker.json", text("first"));
      await elsewhere.createSmallObject("manman/marker.json", text("second"));
      for (const each of [store, elsewhere]) {
        expect(await readText(each, "manman/marker.json")).toBe("first");
      }
    });

    test("of ten that are made at the same moment one stays, whole", async () => {
      const { store, elsewhere } = await opened();
      const texts = Array.from({ length: 10 }, (_, number) => `marker ${number}`);
      await Promise.all(
        texts.map(async (marker, at) => {
          const each = at % 2 === 0 ? store : elsewhere;
          await each.createSmallObject("manman/marker.json", text(marker));
        }),
      );
      const stayed = await readText(store, "manman/marker.json");
      expect(texts).toContain(stayed);
      expect(await readText(elsewhere, "manman/marker.json")).toBe(stayed);
    });

    test("one is replaced whole, and made where there is none", async () => {
      const { store, elsewhere } = await opened();
      await store.replaceSmallObject("manman/mark.json", text("a longer first text"));
      await elsewhere.replaceSmallObject("manman/mark.json", text("second"));
      expect(await readText(store, "manman/mark.json")).toBe("second");
    });

    test("an object that is too large for it is rejected", async () => {
      const { store } = await opened();
      const upload = newUpload(store, await store.openUpload(key));
      await upload.send(1, 0, bytes(65_537));
      await upload.complete();
      await expect(store.readSmallObject(key)).rejects.toMatchObject(rejected);
    });

    test("one of the largest size is read", async () => {
      const { store } = await opened();
      const largest = bytes(65_536);
      await store.replaceSmallObject(key, largest);
      expect(digestOf((await store.readSmallObject(key)) ?? bytes(1))).toBe(digestOf(largest));
    });
  });

  bucketListingConformance(opened);
  objectRangeConformance(opened);

  test("a store that is there passes its check", async () => {
    const { store } = await opened();
    expect(await outcomeOf(store.check())).toBe("completed");
  });
}

export const missing = { name: "Fault", kind: "missing" };
export const rejected = { name: "Fault", kind: "rejected" };
export const away = { name: "Fault", kind: "away" };

/** `completed`, or the kind of the fault. */
export async function outcomeOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "completed",
    (error: unknown) => (error as { kind?: string }).kind ?? String(error),
  );
}

/** One upload and the parts that were sent to it. */
export function newUpload(store: ObjectStore, uploadId: string, objectKey: string = key) {
  const parts = new Map<number, StoredPart>();
  return {
    send: async (number: number, offsetBytes: number, part: Uint8Array): Promise<StoredPart> => {
      const { signal } = new AbortController();
      const sent = { objectKey, uploadId, number, offsetBytes, bytes: part, signal };
      const stored = { number, etag: await store.sendPart(sent), sizeBytes: part.byteLength };
      parts.set(number, stored);
      return stored;
    },
    complete: async (): Promise<void> => {
      const inOrder = [...parts.values()].toSorted((one, other) => one.number - other.number);
      await store.completeUpload(objectKey, uploadId, inOrder);
    },
  };
}

export function bytes(size: number): Uint8Array {
  return randomBytes(size);
}

function text(words: string): Uint8Array {
  return new TextEncoder().encode(words);
}

async function readText(store: ObjectStore, objectKey: string): Promise<string | null> {
  const found = await store.readSmallObject(objectKey);
  return found === null ? null : new TextDecoder().decode(found);
}

/** The SHA-256 of the pieces one after another. */
export function digestOf(...pieces: readonly Uint8Array[]): string {
  const digest = createHash("sha256");
  for (const piece of pieces) digest.update(piece);
  return digest.digest("hex");
}
