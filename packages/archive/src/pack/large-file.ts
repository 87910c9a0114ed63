// A large file while it is packed: opened once, so that all of its chunks are of the same inode whatever takes its name meanwhile, and
// announced with the size that it had then.
import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import { chunksOf, type Chunk } from "../plan/segment-planner.ts";
import { changeBetween, isSameInode, type EntryStatus } from "../scan/entry-status.ts";
import type { LeftOut } from "../scan/left-out.ts";
import { fileStatus, isLeftOut, openFile, readFault, type OpenTree } from "./open-tree.ts";
import type { PlacedEntry } from "./pack-plan.ts";
import type { PackedEntry } from "./packed-segment.ts";

export class LargeFile {
  readonly entry: PlacedEntry;
  readonly fd: number;
  /** When it was opened: what its header says. */
  readonly status: EntryStatus;
  /** The segment that its header stands in. */
  headerSegment = 0;
  /** How it changed since it was opened, if it did; known once `packedEntry` was asked for. */
  changed: string | undefined;
  readonly #tree: OpenTree;
  readonly #numbers: PlanNumbers;
  readonly #chunksSha256 = createHash("sha256");
  #lastSha256: Uint8Array | undefined;
  #firstSegment: number | undefined;
  #isOpen = true;

  constructor(
    tree: OpenTree,
    numbers: PlanNumbers,
    entry: PlacedEntry,
    opened: { fd: number; status: EntryStatus },
  ) {
    this.#tree = tree;
    this.#numbers = numbers;
    this.entry = entry;
    this.fd = opened.fd;
    this.status = opened.status;
  }

  /** Throws a Fault when it may not be opened. */
  static open(tree: OpenTree, numbers: PlanNumbers, entry: PlacedEntry): LargeFile | LeftOut {
    const opened = openFile(tree, entry.latin1Path, entry.status);
    return isLeftOut(opened) ? opened : new LargeFile(tree, numbers, entry, opened);
  }

  get isSameInode(): boolean {
    return isSameInode(this.status, this.entry.status);
  }

  chunks(): Generator<Chunk> {
    return chunksOf(this.status.sizeBytes, this.#numbers);
  }

  /** Takes the next chunk: the segment that it stands in, and the SHA-256 of its data. */
  addChunk(segment: number, dataSha256: Uint8Array): void {
    this.#firstSegment ??= segment;
    this.#chunksSha256.update(dataSha256);
    this.#lastSha256 = dataSha256;
  }

  /** What it is in the archive; to be asked once, after the last chunk. Throws a Fault. */
  packedEntry(): PackedEntry {
    this.changed = this.#changeUntilNow();
    const { status, headerSegment } = this;
    const { latin1Path } = this.entry;
    const start =
      this.#firstSegment === undefined ? undefined : { segment: this.#firstSegment, rawOffset: 0 };
    const content = { sha256: this.#sha256(), start, hasChanged: this.changed !== undefined };
    return { kind: "file", latin1Path, isRegular: true, status, headerSegment, content };
  }

  /** May be called again. */
  close(): void {
    if (this.#isOpen) closeSync(this.fd);
    this.#isOpen = false;
  }

  /** The digest of the whole, as its size demands. */
  #sha256(): Buffer {
    const isSmall = this.status.sizeBytes <= this.#numbers.smallFileBytesMax;
    if (!isSmall) return this.#chunksSha256.digest();
    return Buffer.from(this.#lastSha256 ?? createHash("sha256").digest());
  }

  #changeUntilNow(): string | undefined {
    try {
      return changeBetween(this.status, fileStatus(this.fd));
    } catch (error) {
      throw readFault(error, this.#tree, this.entry.latin1Path);
    }
  }
}
