// One segment that is to be made, as the packing thread knows it, and the job that a worker gets for it.
import type { Chunk } from "../plan/segment-planner.ts";
import { encodeTarHeader, tarEndBytes } from "../tar/tar-header.ts";
import type { ArchiveEntry } from "../tar/archive-entry.ts";
import type { LargeFile } from "./large-file.ts";
import { fileHeader } from "./make-group.ts";
import type { PlacedDirectory, PlacedEntry } from "./pack-plan.ts";
import { paddingBytes } from "./read-small-file.ts";
import { putStatus, statusColumns, type GroupJob, type SegmentJob } from "./segment-job.ts";

export type SegmentUnit =
  | { readonly kind: "root"; readonly root: PlacedDirectory }
  | { readonly kind: "group"; readonly entries: readonly PlacedEntry[] }
  | { readonly kind: "file-header"; readonly file: LargeFile }
  | {
      readonly kind: "chunk";
      readonly file: LargeFile;
      readonly chunk: Chunk;
      readonly isLast: boolean;
    }
  | {
      readonly kind: "directories";
      readonly directories: readonly PlacedDirectory[];
      readonly isLast: boolean;
    };

/** The segments of a large file: its header, and its chunks. */
export function* largeFileUnits(file: LargeFile): Generator<SegmentUnit> {
  yield { kind: "file-header", file };
  for (const chunk of file.chunks()) {
    const isLast = chunk.offsetBytes + chunk.sizeBytes === file.status.sizeBytes;
    yield { kind: "chunk", file, chunk, isLast };
  }
}

export function jobOf(unit: SegmentUnit): SegmentJob {
  switch (unit.kind) {
    case "root":
      return { kind: "raw", bytes: directoryHeader(unit.root) };
    case "group":
      return groupJob(unit.entries);
    case "file-header": {
      const { entry, status } = unit.file;
      return { kind: "raw", bytes: encodeTarHeader(fileHeader(entry.latin1Path, status)) };
    }
    case "chunk": {
      const { file, chunk, isLast } = unit;
      return {
        kind: "chunk",
        fd: file.fd,
        ...chunk,
        paddingBytes: isLast ? paddingBytes(file.status.sizeBytes) : 0,
        latin1Path: file.entry.latin1Path,
      };
    }
    case "directories": {
      const end = unit.isLast ? [Buffer.alloc(tarEndBytes)] : [];
      const bytes = Buffer.concat([...unit.directories.map(directoryHeader), ...end]);
      return { kind: "raw", bytes };
    }
  }
}

/** What is read from the disk for it. */
export function readBytesOf(unit: SegmentUnit): number {
  if (unit.kind === "chunk") return unit.chunk.sizeBytes;
  if (unit.kind !== "group") return 0;
  return unit.entries.reduce((sum, { dataBytes }) => sum + dataBytes, 0);
}

function groupJob(entries: readonly PlacedEntry[]): GroupJob {
  const latin1Targets = new Map<number, string>();
  const statuses = new BigInt64Array(entries.length * statusColumns);
  for (const [at, { status, latin1Target }] of entries.entries()) {
    putStatus(statuses, at, status);
    if (latin1Target !== undefined) latin1Targets.set(at, latin1Target);
  }
  return {
    kind: "group",
    latin1Paths: entries.map(({ latin1Path }) => latin1Path),
    kinds: entries.map(({ kind }) => kind),
    latin1Targets,
    statuses,
  };
}

function directoryHeader({ latin1Path, status }: PlacedDirectory): Buffer {
  const { mode, uid, gid, mtimeNs } = status;
  const path = Buffer.from(latin1Path, "latin1");
  const entry: ArchiveEntry = { kind: "directory", path, mode, uid, gid, mtimeNs };
  return encodeTarHeader(entry);
}
