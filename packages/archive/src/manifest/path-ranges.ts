// Says which blocks of a manifest can hold paths that begin in certain ways, so that one file is found without reading all.
import type { IndexedBlock } from "./manifest-index.ts";

export class PathRanges {
  readonly #prefixes: readonly Buffer[];
  readonly #paths: readonly Buffer[];

  /** Paths that begin with any of `prefixes` (an empty one means all), and `paths` themselves. */
  constructor(prefixes: readonly Buffer[], paths: readonly Buffer[] = []) {
    this.#prefixes = prefixes;
    this.#paths = paths;
  }

  /** Whether a block may hold such a path, given the block of entries behind it. */
  meets(block: IndexedBlock, next: IndexedBlock | undefined): boolean {
    const first = block.firstPath as Buffer;
    const end = next?.kind === block.kind ? next.firstPath : null;
    return (
      this.#prefixes.some((prefix) => meetsPrefix(block, first, end, prefix)) ||
      this.#paths.some((path) => meetsPath(block, first, end, path))
    );
  }
}

/** `end` is the first path of the block behind. */
function meetsPrefix(
  block: IndexedBlock,
  first: Buffer,
  end: Buffer | null,
  prefix: Buffer,
): boolean {
  if (block.kind === "ascending") {
    return (end === null || beginsBefore(prefix, end)) && !endsBefore(prefix, first);
  }
  return !beginsAfter(prefix, first) && (end === null || !endsBefore(prefix, end));
}

function meetsPath(block: IndexedBlock, first: Buffer, end: Buffer | null, path: Buffer): boolean {
  const fromFirst = Buffer.compare(path, first);
  const fromEnd = end === null ? undefined : Buffer.compare(path, end);
  if (block.kind === "ascending") return fromFirst >= 0 && (fromEnd ?? -1) < 0;
  return fromFirst <= 0 && (fromEnd ?? 1) > 0;
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
