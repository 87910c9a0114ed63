// Compares two backups by their manifests, in one pass and in constant memory, since both list their entries in the same order.
import { isDirectoryPath } from "../archive-path.ts";
import type { Manifest } from "./manifest-reader.ts";
import type { ManifestEntry } from "./manifest-records.ts";

/** One path that differs. `bytes`: what the data comes to, after the change, or before it for what was removed. */
export type EntryChange = { readonly path: Buffer; readonly bytes: number } & (
  | { readonly change: "added"; readonly after: ManifestEntry }
  | { readonly change: "removed"; readonly before: ManifestEntry }
  | {
      readonly change: "changed";
      readonly before: ManifestEntry;
      readonly after: ManifestEntry;
      /** Content is kind, data or link; attributes are mode, owner and time. */
      readonly content: boolean;
      readonly attributes: boolean;
    }
);

/** What a comparison comes to. Bytes count the data of files whose content differs. */
export type DiffTotals = {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly addedBytes: number;
  readonly removedBytes: number;
  readonly changedBytes: number;
};

/**
 * Every path that is not the same in both, in the archive's order. The roots' names may differ and are left out of the comparison.
 * Fails with a Fault `corrupt` when a manifest is.
 */
export async function* diffManifests(
  before: Manifest,
  after: Manifest,
): AsyncGenerator<EntryChange, void, void> {
  const olds = new EntryCursor(before);
  const news = new EntryCursor(after);
  await Promise.all([olds.next(), news.next()]);
  while (olds.current !== undefined || news.current !== undefined) {
    const order = orderOf(olds, news);
    if (order < 0) {
      yield removal(olds.current as ManifestEntry);
    } else if (order > 0) {
      yield addition(news.current as ManifestEntry);
    } else {
      const change = changeOf(olds.current as ManifestEntry, news.current as ManifestEntry, [
        olds,
        news,
      ]);
      if (change !== undefined) yield change;
    }
    await Promise.all([order <= 0 && olds.next(), order >= 0 && news.next()]);
  }
}

/** Adds a comparison up. */
export async function diffTotals(changes: AsyncIterable<EntryChange>): Promise<DiffTotals> {
  const totals = {
    added: 0,
    removed: 0,
    changed: 0,
    addedBytes: 0,
    removedBytes: 0,
    changedBytes: 0,
  };
  for await (const { change, bytes } of changes) {
    totals[change] += 1;
    totals[`${change}Bytes`] += bytes;
  }
  return totals;
}

class EntryCursor {
  current: ManifestEntry | undefined;
  readonly rootBytes: number;
  readonly #entries: AsyncGenerator<ManifestEntry, void, void>;

  constructor(manifest: Manifest) {
    this.rootBytes = manifest.rootPath.length;
    this.#entries = manifest.entries();
  }

  async next(): Promise<void> {
    const { value, done } = await this.#entries.next();
    this.current = done === true ? undefined : value;
  }

  /** The path below the root, which is empty for the root itself. */
  below(path: Buffer): Buffer {
    return path.subarray(this.rootBytes);
  }
}

/** Which of the two stands first in the order of archives: negative for the old one, 0 for the same path. */
function orderOf(olds: EntryCursor, news: EntryCursor): number {
  if (olds.current === undefined) return 1;
  if (news.current === undefined) return -1;
  const [a, b] = [olds.below(olds.current.path), news.below(news.current.path)];
  const [aDown, bDown] = [isDirectoryPath(a), isDirectoryPath(b)];
  if (aDown !== bDown) return aDown ? 1 : -1;
  return aDown ? Buffer.compare(b, a) : Buffer.compare(a, b);
}

function addition(after: ManifestEntry): EntryChange {
  return { change: "added", path: after.path, after, bytes: bytesOf(after) };
}

function removal(before: ManifestEntry): EntryChange {
  return { change: "removed", path: before.path, before, bytes: bytesOf(before) };
}

function changeOf(
  before: ManifestEntry,
  after: ManifestEntry,
  cursors: readonly [EntryCursor, EntryCursor],
): EntryChange | undefined {
  const content = !sameContent(before, after, cursors);
  const attributes = !sameAttributes(before, after);
  if (!content && !attributes) return undefined;
  const bytes = content ? bytesOf(after) : 0;
  return { change: "changed", path: after.path, before, after, content, attributes, bytes };
}

function sameContent(
  a: ManifestEntry,
  b: ManifestEntry,
  [olds, news]: readonly [EntryCursor, EntryCursor],
): boolean {
  if (a.kind === "file" && b.kind === "file") {
    return a.sizeBytes === b.sizeBytes && a.sha256.equals(b.sha256);
  }
  if (a.kind === "symlink" && b.kind === "symlink") return a.target.equals(b.target);
  if (a.kind === "hardlink" && b.kind === "hardlink") {
    return olds.below(a.target).equals(news.below(b.target));
  }
  return a.kind === b.kind;
}

function sameAttributes(a: ManifestEntry, b: ManifestEntry): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.mtimeNs === b.mtimeNs;
}

function bytesOf(entry: ManifestEntry): number {
  return entry.kind === "file" ? entry.sizeBytes : 0;
}
