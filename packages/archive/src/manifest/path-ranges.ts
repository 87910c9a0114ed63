// Says which blocks of a manifest can hold paths that begin in certain ways, so that one file is found without reading all.
import type { IndexedBlock } from "./manifest-index.ts";

export class PathRanges {
  readonly #prefixes: readonly Buffer[];

  /** Paths that begin with any of `prefixes`; an empty one means all. */
  constructor(prefixes: readonly Buffer[]) {
    this.#prefixes = prefixes;
  }

  /** Whether a block may hold such a path, given the block of entries behind it. */
  meets(block: IndexedBlock, next: IndexedBlock | undefined): boolean {
    const first = block.firstPath as Buffer;
    const end = next?.kind === block.kind ? next.firstPath : null;
    return this.#prefixes.some((prefix) =>
      block.kind === "ascending"
        ? (end === null || beginsBefore(prefix, end)) && !endsBefore(prefix, first)
        : !beginsAfter(prefix, first) && (end === null || !endsBefore(prefix, end)),
    );
  }
}

/** Whether some path with the prefix is less than `path`. */
function beginsBefore(prefix: Buffer, path: Buffer): boolean {
  return Buffer.compare(prefix, path) < 0;
}

/** Whether every path with the prefix is greater than `path`. */
function beginsAfter(prefix: Buffer, path: Buffer): boolean {
  return Buffer.compare(prefix, path) > 0;
}

/** Whether every path with the prefix is less than `path`. */
function endsBefore(prefix: Buffer, path: Buffer): boolean {
  return Buffer.compare(prefix, path.subarray(0, prefix.length)) < 0;
}
