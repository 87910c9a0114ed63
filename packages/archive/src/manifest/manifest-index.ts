// The index of a manifest: where each block lies, what it must hash to and where it begins, and what the archive comes to as a whole.
import {
  digestBytes,
  blockRecordsMax,
  blockTextBytesMax,
  storedOverheadBytesMax,
} from "./manifest-bounds.ts";
import {
  arrayField,
  base64Field,
  base64Of,
  digestColumn,
  field,
  objectOf,
  requireCount,
  textField,
  wholeColumn,
  wholeField,
  type JsonObject,
} from "./json-fields.ts";
import type { ManifestTotals } from "./manifest-records.ts";
import { decodeRawText, encodeRawText } from "./raw-text.ts";

/** `ascending` blocks hold the root and everything that is no directory, `descending` ones the other directories. */
export type BlockKind = "header" | "ascending" | "descending" | "segments";

export type IndexedBlock = {
  readonly kind: BlockKind;
  readonly offset: number;
  readonly storedBytes: number;
  readonly sha256: Buffer;
  /** Records in it; 0 for the header. */
  readonly count: number;
  /** The path of its first entry; null where it holds none. */
  readonly firstPath: Buffer | null;
};

export type ManifestIndex = {
  readonly blocks: readonly IndexedBlock[];
  readonly totals: ManifestTotals;
  /** SHA-256 over the concatenated SHA-256 of the archive's stored segments: the archive's identity. */
  readonly root: Buffer;
};

const kindLetters: Readonly<Record<BlockKind, string>> = {
  header: "h",
  ascending: "a",
  descending: "d",
  segments: "s",
};
const kindsByLetter = new Map(
  Object.entries(kindLetters).map(([kind, letter]) => [letter, kind as BlockKind]),
);

export function encodeIndex({ blocks, totals, root }: ManifestIndex): JsonObject {
  return {
    index: {
      kind: blocks.map(({ kind }) => kindLetters[kind]).join(""),
      stored: blocks.map(({ storedBytes }) => storedBytes),
      count: blocks.map(({ count }) => count),
      first: blocks.flatMap(({ firstPath }) =>
        firstPath === null ? [] : [encodeRawText(firstPath)],
      ),
      sha256: base64Of(Buffer.concat(blocks.map(({ sha256 }) => sha256))),
    },
    totals,
    root: base64Of(root),
  };
}

/** Reads an index whose blocks fill a manifest's first `blocksBytes`. Fails with an Error that names the field. */
export function decodeIndex(value: unknown, blocksBytes: number): ManifestIndex {
  const line = objectOf(value, "the index");
  const columns = objectOf(field(line, "index"), "index");
  const letters = textField(columns, "kind", 10_000_000);
  const storedMax = blockTextBytesMax + storedOverheadBytesMax;
  const stored = wholeColumn(columns, "stored", letters.length, storedMax, 1);
  const counts = wholeColumn(columns, "count", letters.length, blockRecordsMax);
  const digests = digestColumn(columns, "sha256", letters.length);
  const firstPaths = arrayField(columns, "first").map((raw) => decodeRawText(raw, "first"));
  let offset = 0;
  let pathsTaken = 0;
  const blocks = stored.map((storedBytes, at): IndexedBlock => {
    const kind = kindOf(letters[at], at);
    const hasPath = kind === "ascending" || kind === "descending";
    const count = counts[at] as number;
    if ((kind === "header") !== (count === 0)) throw new Error(`count of block ${at} is ${count}`);
    const firstPath = hasPath ? (firstPaths[pathsTaken++] ?? null) : null;
    if (hasPath && firstPath === null)
      throw new Error("first has fewer paths than blocks of entries");
    const sha256 = digests[at] as Buffer;
    const block = { kind, offset, storedBytes, sha256, count, firstPath };
    offset += storedBytes;
    return block;
  });
  requireCount("first", firstPaths.length, pathsTaken);
  if (offset !== blocksBytes)
    throw new Error(`stored adds up to ${offset} bytes, not ${blocksBytes}`);
  requireBlockOrder(blocks);
  return {
    blocks,
    totals: decodeTotals(objectOf(field(line, "totals"), "totals")),
    root: base64Field(line, "root", digestBytes),
  };
}

function kindOf(letter: string | undefined, at: number): BlockKind {
  const kind = kindsByLetter.get(letter ?? "");
  if (kind === undefined) throw new Error(`kind of block ${at} is unknown`);
  if ((kind === "header") !== (at === 0)) throw new Error(`block ${at} stands in the wrong place`);
  return kind;
}

/** A search goes by the first paths, so their order must be the order of entries. */
function requireBlockOrder(blocks: readonly IndexedBlock[]): void {
  let before: IndexedBlock | undefined;
  for (const block of blocks) {
    if (block.firstPath === null) continue;
    if (before !== undefined && !follows(before, block)) throw new Error("first is out of order");
    before = block;
  }
}

function follows(before: IndexedBlock, block: IndexedBlock): boolean {
  if (before.kind !== block.kind) return before.kind === "ascending";
  const order = Buffer.compare(before.firstPath as Buffer, block.firstPath as Buffer);
  return block.kind === "ascending" ? order < 0 : order > 0;
}

function decodeTotals(totals: JsonObject): ManifestTotals {
  const oldest = field(totals, "oldestVerifiedAtMs");
  return {
    files: wholeField(totals, "files"),
    directories: wholeField(totals, "directories"),
    symlinks: wholeField(totals, "symlinks"),
    hardlinks: wholeField(totals, "hardlinks"),
    fileBytes: wholeField(totals, "fileBytes"),
    baseBytes: wholeField(totals, "baseBytes"),
    segments: wholeField(totals, "segments"),
    rawBytes: wholeField(totals, "rawBytes"),
    storedBytes: wholeField(totals, "storedBytes"),
    copiedBytes: wholeField(totals, "copiedBytes"),
    oldestVerifiedAtMs: oldest === null ? null : wholeField(totals, "oldestVerifiedAtMs"),
    warnings: wholeField(totals, "warnings"),
  };
}
