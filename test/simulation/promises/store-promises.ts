// What holds of the bucket: what is needed or not known stays as it is, and nothing is left that nobody owns.
import { digestOf, type SimObject, type SimUpload } from "../store.ts";
import type { BrokenPromises } from "./broken-promises.ts";
import { busyStatuses, type AttemptFacts, type SeenWorld } from "./seen-world.ts";

export class StorePromises {
  readonly #world: SeenWorld;
  readonly #facts: AttemptFacts;
  readonly #broken: BrokenPromises;
  readonly #foreignObjects = new Map<string, string>();
  readonly #foreignUploads = new Set<string>();

  constructor(world: SeenWorld, facts: AttemptFacts, broken: BrokenPromises) {
    this.#world = world;
    this.#facts = facts;
    this.#broken = broken;
  }

  /** Whether the key is that of a backup. */
  knows(objectKey: string): boolean {
    return this.#facts.backupOfKey.has(objectKey);
  }

  /** What is in the store now is somebody else's. */
  foreign(): void {
    const { store } = this.#world;
    for (const [key, { bytes }] of store.objects) this.#foreignObjects.set(key, digestOf(bytes));
    for (const uploadId of store.uploads.keys()) this.#foreignUploads.add(uploadId);
  }

  onObject(objectKey: string, object: SimObject | null): void {
    const backupId = this.#facts.backupOfKey.get(objectKey);
    if (backupId === undefined) {
      this.#broken.add("nothing that is unknown is touched", objectKey);
      return;
    }
    const { backup } = this.#world.tables.backups.get(backupId) ?? {};
    if (backup?.status !== "completed") return;
    const what = object === null ? "removed" : "replaced";
    this.#broken.add("the bytes of a completed backup never change", `${objectKey} was ${what}`);
  }

  onAbort({ uploadId, objectKey }: SimUpload): void {
    if (this.#foreignUploads.has(uploadId)) {
      this.#broken.add("nothing that is unknown is touched", `upload ${uploadId} of ${objectKey}`);
    }
    const backupId = this.#facts.backupOfKey.get(objectKey);
    const row = backupId === undefined ? undefined : this.#world.tables.backups.get(backupId);
    if (row?.backup.upload?.uploadId === uploadId && busyStatuses.includes(row.backup.status)) {
      this.#broken.add("nothing that is needed is removed", `upload ${uploadId} of ${objectKey}`);
    }
  }

  checkEnd(): void {
    this.#checkArchives();
    this.#checkUploads();
    this.#checkForeign();
  }

  #checkArchives(): void {
    const { tables, store } = this.#world;
    for (const { backup } of tables.backups.values()) {
      const { objectKey, status, report } = backup;
      const object = store.objects.get(objectKey);
      if (status === "completed") {
        if (object === undefined || digestOf(object.bytes) !== report?.archiveSha256) {
          this.#broken.add(
            "the bytes of a completed backup never change",
            `${objectKey} at the end`,
          );
        }
      } else if (object !== undefined) {
        this.#broken.add("nothing is left that no record owns", `${objectKey}, which is ${status}`);
      }
    }
  }

  #checkUploads(): void {
    for (const [uploadId, { objectKey }] of this.#world.store.uploads) {
      if (this.#foreignUploads.has(uploadId)) continue;
      this.#broken.add("no upload is left open", `${uploadId} of ${objectKey}`);
    }
  }

  #checkForeign(): void {
    const { store } = this.#world;
    for (const uploadId of this.#foreignUploads) {
      if (store.uploads.has(uploadId)) continue;
      this.#broken.add("nothing that is unknown is touched", `upload ${uploadId} is gone`);
    }
    for (const [key, digest] of this.#foreignObjects) {
      const object = store.objects.get(key);
      if (object !== undefined && digestOf(object.bytes) === digest) continue;
      this.#broken.add("nothing that is unknown is touched", `object ${key}`);
    }
  }
}
