// The object store of the simulation: multipart uploads as S3 has them, in the memory of this process.
import { Fault } from "@manman/core/fault.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import {
  objectReadBytesMax,
  smallObjectBytesMax,
  type BucketListing,
  type ObjectRange,
  type ObjectReader,
  type PartSender,
  type UploadControl,
} from "@manman/core/ports.ts";
import { rangeProblem } from "@manman/core/object-range.ts";
import { createHash } from "node:crypto";
import { simListing } from "./bucket-listing.ts";

export type SimUpload = {
  readonly uploadId: string;
  readonly objectKey: string;
  readonly initiatedAtMs: number;
  readonly parts: Map<number, { readonly etag: string; readonly bytes: Uint8Array }>;
};

export type SimObject = {
  readonly bytes: Uint8Array;
  readonly etag: string;
  /** The upload that it was made of. */
  readonly uploadId: string;
  /** Left out: long ago. */
  readonly storedAtMs?: number;
};

/** What the reference model hears of, before it happens. */
export type StoreWatch = {
  readonly onObject: (objectKey: string, object: SimObject | null) => void;
  readonly onAbort: (upload: SimUpload) => void;
};

export class ObjectStore {
  readonly uploads = new Map<string, SimUpload>();
  readonly objects = new Map<string, SimObject>();
  readonly #watch: StoreWatch;
  readonly #nowMs: () => number;
  #last = 0;

  constructor(
    nowMs: () => number,
    watch: StoreWatch = { onObject: () => undefined, onAbort: () => undefined },
  ) {
    this.#nowMs = nowMs;
    this.#watch = watch;
  }

  open(objectKey: string): string {
    this.#last += 1;
    const uploadId = `upload-${this.#last}`;
    const initiatedAtMs = this.#nowMs();
    this.uploads.set(uploadId, { uploadId, objectKey, initiatedAtMs, parts: new Map() });
    return uploadId;
  }

  put(objectKey: string, uploadId: string, number: number, bytes: Uint8Array): string {
    const upload = this.#upload(`upload ${objectKey} part ${number}`, objectKey, uploadId);
    const etag = `"${digestOf(bytes).slice(0, 32)}"`;
    upload.parts.set(number, { etag, bytes: Uint8Array.from(bytes) });
    return etag;
  }

  /** The bytes of a range, as long as its object is the one that it is of. */
  range(context: string, range: ObjectRange): Uint8Array {
    const { objectKey, etag, offsetBytes, lengthBytes } = range;
    const object = this.objects.get(objectKey);
    if (object === undefined) throw new Fault("missing", `${context}: there is no ${objectKey}`);
    const end = offsetBytes + lengthBytes;
    const isWhole = rangeProblem(range, objectReadBytesMax) === null;
    if (object.etag !== etag || !isWhole || end > object.bytes.byteLength) {
      throw new Fault("rejected", `${context}: ${objectKey} has no such range`);
    }
    return object.bytes.slice(offsetBytes, end);
  }

  complete(objectKey: string, uploadId: string, parts: readonly StoredPart[]): void {
    const context = `complete upload ${uploadId} of ${objectKey}`;
    const upload = this.#upload(context, objectKey, uploadId);
    const chosen = parts.map(({ number, etag }, place) => {
      const part = upload.parts.get(number);
      if (part?.etag !== etag || number <= (parts[place - 1]?.number ?? 0)) {
        throw new Fault("rejected", `${context}: part ${number} is not as named`);
      }
      return part.bytes;
    });
    if (chosen.length === 0) throw new Fault("rejected", `${context}: no parts`);
    const bytes = new Uint8Array(Buffer.concat(chosen));
    const etag = `"${digestOf(bytes).slice(0, 32)}-${parts.length}"`;
    const object = { bytes, uploadId, etag, storedAtMs: this.#nowMs() };
    this.#watch.onObject(objectKey, object);
    this.objects.set(objectKey, object);
    this.uploads.delete(uploadId);
  }

  abort(objectKey: string, uploadId: string): void {
    const upload = this.uploads.get(uploadId);
    if (upload?.objectKey !== objectKey) return;
    this.#watch.onAbort(upload);
    this.uploads.delete(uploadId);
  }

  remove(objectKey: string): void {
    if (!this.objects.has(objectKey)) return;
    this.#watch.onObject(objectKey, null);
    this.objects.delete(objectKey);
  }

  openUnder(objectKey: string): readonly SimUpload[] {
    return [...this.uploads.values()].filter((upload) => upload.objectKey === objectKey);
  }

  #upload(context: string, objectKey: string, uploadId: string): SimUpload {
    const upload = this.uploads.get(uploadId);
    if (upload?.objectKey !== objectKey) {
      throw new Fault("missing", `${context}: there is no such upload`);
    }
    return upload;
  }
}

export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Asks the store, and says how that went; `work` may be carried out later, or not at all. */
export type AskStore = <T>(what: string, work: () => T) => Promise<T>;

/** The ports of a store that is asked in this way. */
export function storePorts(
  store: ObjectStore,
  ask: AskStore,
): UploadControl & PartSender & ObjectReader & BucketListing {
  return {
    ...simListing(store, ask),
    openUpload: async (key) => await ask(`open ${key}`, () => store.open(key)),
    completeUpload: async (key, uploadId, parts) =>
      await ask(`complete ${uploadId} of ${key}`, () => store.complete(key, uploadId, parts)),
    abortUpload: async (key, uploadId) =>
      await ask(`abort ${uploadId} of ${key}`, () => store.abort(key, uploadId)),
    listUploads: async (key) =>
      await ask(`list ${key}`, () =>
        store
          .openUnder(key)
          .slice(0, 1_000)
          .map(({ uploadId, initiatedAtMs }) => ({ uploadId, initiatedAtMs })),
      ),
    inspectObject: async (key) =>
      await ask(`inspect ${key}`, () => {
        const object = store.objects.get(key);
        return object === undefined
          ? null
          : { sizeBytes: object.bytes.byteLength, etag: object.etag };
      }),
    removeObject: async (key) => await ask(`remove ${key}`, () => store.remove(key)),
    readSmallObject: async (key) => {
      const bytes = await ask(`read ${key}`, () => store.objects.get(key)?.bytes ?? null);
      if (bytes === null || bytes.byteLength <= smallObjectBytesMax) return bytes;
      throw new Fault("rejected", `read ${key}: it is too large`);
    },
    createSmallObject: async (key, bytes) =>
      await ask(`create ${key}`, () => {
        if (!store.objects.has(key)) store.objects.set(key, smallObject(bytes));
      }),
    replaceSmallObject: async (key, bytes) =>
      await ask(`replace ${key}`, () => {
        store.objects.set(key, smallObject(bytes));
      }),
    sendPart: async ({ objectKey, uploadId, number, bytes, signal }) => {
      const context = `upload ${objectKey} part ${number}`;
      const calledOff = new Fault("away", `${context}: called off`);
      if (signal.aborted) throw calledOff;
      const etag = await ask(context, () => store.put(objectKey, uploadId, number, bytes));
      if (signal.aborted) throw calledOff;
      return etag;
    },
    copyPart: async ({ objectKey, uploadId, number, from, signal }) => {
      const context = `upload ${objectKey} part ${number}`;
      const calledOff = new Fault("away", `${context}: called off`);
      if (signal.aborted) throw calledOff;
      const copied = (): string =>
        store.put(objectKey, uploadId, number, store.range(context, from));
      const etag = await ask(context, copied);
      if (signal.aborted) throw calledOff;
      return etag;
    },
    readRange: async (range) => {
      const context = `read ${range.objectKey}`;
      if (range.signal.aborted) throw new Fault("away", `${context}: called off`);
      return await ask(context, () => store.range(context, range));
    },
    urlOf: (key) => `s3://bucket/${key}`,
    check: async () => await ask("check the store", () => undefined),
    close: () => undefined,
  };
}

function smallObject(bytes: Uint8Array): SimObject {
  return { bytes: Uint8Array.from(bytes), etag: `"${digestOf(bytes)}"`, uploadId: "none" };
}
