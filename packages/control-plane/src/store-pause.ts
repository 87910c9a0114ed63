// Spares a store that does not answer: after a call that found it away, further calls fail at once for a moment, and then one goes ahead
// to see. Without that, every worker would hang in a call to it, and work that needs no store would wait behind them.
import { Fault, isAway } from "@manman/core/fault.ts";
import type { Clock, UploadControl } from "@manman/core/ports.ts";

const pauseMs = 2_000;

/** The same store, with pauses. */
export function pausingStore(store: UploadControl, clock: Pick<Clock, "elapsedMs">): UploadControl {
  let awayBecause: Fault | null = null;
  let nextTryAtMs = 0;
  let someoneTries = false;

  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    const isTry = awayBecause !== null;
    if (awayBecause !== null) {
      if (someoneTries || clock.elapsedMs() < nextTryAtMs) {
        throw new Fault("away", "the object store is away", awayBecause);
      }
      someoneTries = true;
    }
    try {
      const value = await call();
      awayBecause = null;
      return value;
    } catch (error) {
      if (isAway(error)) {
        awayBecause = error;
        nextTryAtMs = clock.elapsedMs() + pauseMs;
      } else {
        awayBecause = null;
      }
      throw error;
    } finally {
      if (isTry) someoneTries = false;
    }
  };

  return {
    openUpload: async (key) => await guarded(async () => await store.openUpload(key)),
    completeUpload: async (key, uploadId, parts) =>
      await guarded(async () => await store.completeUpload(key, uploadId, parts)),
    abortUpload: async (key, uploadId) =>
      await guarded(async () => await store.abortUpload(key, uploadId)),
    listUploads: async (key) => await guarded(async () => await store.listUploads(key)),
    inspectObject: async (key) => await guarded(async () => await store.inspectObject(key)),
    removeObject: async (key) => await guarded(async () => await store.removeObject(key)),
    readSmallObject: async (key) => await guarded(async () => await store.readSmallObject(key)),
    createSmallObject: async (key, bytes) =>
      await guarded(async () => await store.createSmallObject(key, bytes)),
    replaceSmallObject: async (key, bytes) =>
      await guarded(async () => await store.replaceSmallObject(key, bytes)),
    urlOf: (key) => store.urlOf(key),
    check: async () => await guarded(async () => await store.check()),
    close: () => store.close(),
  };
}
