// Makes the raw bytes of a group: reads small entries one after the other and frames them as tar has them.
import { hash } from "node:crypto";
import { judgedBytesMin } from "../codec/compressibility.ts";
import { encodeTarHeader } from "../tar/tar-header.ts";
import type { ArchiveEntry } from "../tar/archive-entry.ts";
import { entryStatus, isSameInode, type EntryStatus } from "../scan/entry-status.ts";
import { replaced } from "../scan/left-out.ts";
import { isLeftOut, lookAt, readSymlink, type OpenTree } from "./open-tree.ts";
import type { RawSegment } from "./raw-segment.ts";
import { paddingBytes, readSmallFile } from "./read-small-file.ts";
import { statusAt, type EntryFinding, type GroupJob, type GroupOutcome } from "./segment-job.ts";

/** Fills `raw` with the group's entries, as many as there is room for: at least one. Throws a Fault for what may not be read. */
export function makeGroup(
  tree: OpenTree,
  job: GroupJob,
  smallFileBytesMax: number,
  raw: RawSegment,
): GroupOutcome {
  return new GroupMaker(tree, job, smallFileBytesMax, raw).make();
}

const sha256Bytes = 32;

type Settling = "settled" | "no-room" | "outgrown";

class GroupMaker {
  readonly #tree: OpenTree;
  readonly #job: GroupJob;
  readonly #smallFileBytesMax: number;
  readonly #raw: RawSegment;
  readonly #findings: EntryFinding[] = [];
  readonly #dataOffsets: Uint32Array;
  readonly #dataSha256: Uint8Array;

  constructor(tree: OpenTree, job: GroupJob, smallFileBytesMax: number, raw: RawSegment) {
    this.#tree = tree;
    this.#job = job;
    this.#smallFileBytesMax = smallFileBytesMax;
    this.#raw = raw;
    this.#dataOffsets = new Uint32Array(job.kinds.length);
    this.#dataSha256 = new Uint8Array(job.kinds.length * sha256Bytes);
  }

  make(): GroupOutcome {
    let settledCount = 0;
    let settling: Settling = "settled";
    for (; settledCount < this.#job.kinds.length; settledCount += 1) {
      settling = this.#settle(settledCount);
      if (settling !== "settled") break;
    }
    return {
      settledCount,
      hasOutgrown: settling === "outgrown",
      findings: this.#findings,
      dataOffsets: this.#dataOffsets,
      dataSha256: this.#dataSha256,
    };
  }

  #settle(at: number): Settling {
    const scanned = statusAt(this.#job.statuses, at);
    const kind = this.#job.kinds[at];
    if (kind === "symlink") return this.#symlink(at, scanned);
    if (kind === "hardlink") return this.#hardlink(at, scanned);
    return this.#file(at, scanned);
  }

  #file(at: number, scanned: EntryStatus): Settling {
    const latin1Path = this.#pathOf(at);
    let header: Buffer = Buffer.alloc(0);
    let room: Buffer = header;
    const found = readSmallFile(
      this.#tree,
      latin1Path,
      scanned,
      this.#smallFileBytesMax,
      (status) => {
        header = encodeTarHeader(fileHeader(latin1Path, status));
        const dataBytes = status.sizeBytes + paddingBytes(status.sizeBytes);
        const whole = this.#raw.room(header.length + dataBytes);
        room = whole?.subarray(header.length) ?? room;
        return whole && room;
      },
    );
    if (found.kind === "no-room" || found.kind === "outgrown") return found.kind;
    if (found.kind === "left-out") {
      this.#findings.push({ at, leftOut: found.leftOut });
      return "settled";
    }
    const { status, changed } = found;
    header.copy(this.#raw.room(header.length) as Buffer);
    this.#dataOffsets[at] = this.#raw.filledBytes + header.length;
    const digest = hash("sha256", room.subarray(0, status.sizeBytes), "buffer");
    this.#dataSha256.set(digest, at * sha256Bytes);
    this.#raw.advance(header.length + room.length);
    if (status.sizeBytes >= judgedBytesMin) {
      this.#raw.addBorder(this.#raw.filledBytes - room.length);
      this.#raw.addBorder(this.#raw.filledBytes);
    }
    if (status !== scanned || changed !== undefined || this.#job.kinds[at] !== "file") {
      this.#findings.push({ at, kind: "file", status, ...(changed && { changed }) });
    }
    return "settled";
  }

  #symlink(at: number, scanned: EntryStatus): Settling {
    const latin1Path = this.#pathOf(at);
    const found = readSymlink(this.#tree, latin1Path, scanned);
    if (isLeftOut(found)) {
      this.#findings.push({ at, leftOut: found });
      return "settled";
    }
    const { status, target } = found;
    const path = Buffer.from(latin1Path, "latin1");
    if (!this.#header({ ...attributes(status), path, kind: "symlink", target })) return "no-room";
    const latin1Target = target.toString("latin1");
    this.#findings.push({ at, kind: "symlink", status, latin1Target });
    return "settled";
  }

  /** Another name of an inode that stands in the archive already, unless something else has that name by now. */
  #hardlink(at: number, scanned: EntryStatus): Settling {
    const latin1Path = this.#pathOf(at);
    const found = lookAt(this.#tree, latin1Path);
    if (isLeftOut(found)) {
      this.#findings.push({ at, leftOut: found });
      return "settled";
    }
    const status = entryStatus(found.stats);
    if (!isSameInode(status, scanned)) {
      if (found.stats.isFile()) return this.#file(at, status);
      if (found.stats.isSymbolicLink()) return this.#symlink(at, status);
      this.#findings.push({ at, leftOut: replaced });
      return "settled";
    }
    const path = Buffer.from(latin1Path, "latin1");
    const target = Buffer.from(this.#job.latin1Targets.get(at) as string, "latin1");
    if (!this.#header({ ...attributes(status), path, kind: "hardlink", target })) return "no-room";
    return "settled";
  }

  /** Whether there was room for it. */
  #header(entry: ArchiveEntry): boolean {
    const header = encodeTarHeader(entry);
    const room = this.#raw.room(header.length);
    if (room === undefined) return false;
    header.copy(room);
    this.#raw.advance(header.length);
    return true;
  }

  #pathOf(at: number): string {
    return this.#job.latin1Paths[at] as string;
  }
}

/** What the header of a regular file says. */
export function fileHeader(latin1Path: string, status: EntryStatus): ArchiveEntry {
  const path = Buffer.from(latin1Path, "latin1");
  return { ...attributes(status), path, kind: "file", sizeBytes: status.sizeBytes };
}

function attributes({ mode, uid, gid, mtimeNs }: EntryStatus) {
  return { mode, uid, gid, mtimeNs };
}
