// Keeps hard links leading to what they should when the name that was to carry the data is gone, or has become another file, between
// the scan and the reading: the next name carries the data then, and the others lead to that one.
import { placedEntry, type PlacedEntry } from "./pack-plan.ts";

export class LinkRepairs {
  /** Names that no longer carry their inode's data, and the name that does instead, once there is one. */
  readonly #lost = new Map<string, string | null>();

  /** The entry of this name, which others may lead to, is not what was scanned. */
  lose(latin1Path: string): void {
    this.#lost.set(latin1Path, null);
  }

  /** The entries as they have to be made, or undefined where all of them can stay as they are. To be asked in the order of the archive. */
  repaired(entries: readonly PlacedEntry[]): readonly PlacedEntry[] | undefined {
    if (this.#lost.size === 0) return undefined;
    const repaired = entries.map((entry) => this.#repairedEntry(entry));
    return repaired.some((entry, at) => entry !== entries[at]) ? repaired : undefined;
  }

  #repairedEntry(entry: PlacedEntry): PlacedEntry {
    let target = entry.kind === "hardlink" ? entry.latin1Target : undefined;
    while (target !== undefined) {
      const instead = this.#lost.get(target);
      if (instead === undefined) break;
      if (instead === null) {
        this.#lost.set(target, entry.latin1Path);
        return carrier(entry);
      }
      target = instead;
    }
    return target === entry.latin1Target || target === undefined
      ? entry
      : { ...entry, latin1Target: target };
  }
}

/** The entry as the one that carries the data, and that others may lead to. */
function carrier({ latin1Target: _target, ...entry }: PlacedEntry): PlacedEntry {
  const kind = entry.isSymlink ? "symlink" : "file";
  return placedEntry({ ...entry, kind, isLinkedTo: true }, entry.place);
}
