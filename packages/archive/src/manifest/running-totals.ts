// Adds up what a manifest's entries and segments come to; the writer states it, and a check adds it up again.
import type { ManifestEntry, ManifestTotals, SegmentRecord } from "./manifest-records.ts";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const countedAs = {
  file: "files",
  directory: "directories",
  symlink: "symlinks",
  hardlink: "hardlinks",
} as const;

export class RunningTotals {
  readonly #totals: Mutable<ManifestTotals> = {
    files: 0,
    directories: 0,
    symlinks: 0,
    hardlinks: 0,
    fileBytes: 0,
    baseBytes: 0,
    segments: 0,
    rawBytes: 0,
    storedBytes: 0,
    copiedBytes: 0,
    oldestVerifiedAtMs: null,
    warnings: 0,
  };

  addEntry(entry: ManifestEntry): void {
    this.#totals[countedAs[entry.kind]] += 1;
    if (entry.kind !== "file") return;
    this.#totals.fileBytes += entry.sizeBytes;
    for (const { source, bytes } of entry.extents) {
      if (source === "base") this.#totals.baseBytes += bytes;
    }
  }

  addSegment({ rawBytes, storedBytes, origin, verifiedAtMs }: SegmentRecord): void {
    const totals = this.#totals;
    totals.segments += 1;
    totals.rawBytes += rawBytes;
    totals.storedBytes += storedBytes;
    if (origin === "copied") totals.copiedBytes += storedBytes;
    totals.oldestVerifiedAtMs = Math.min(totals.oldestVerifiedAtMs ?? verifiedAtMs, verifiedAtMs);
  }

  /** `warnings` are the backup's, which entries do not show all of. */
  finish(warnings: number): ManifestTotals {
    return { ...this.#totals, warnings };
  }
}
