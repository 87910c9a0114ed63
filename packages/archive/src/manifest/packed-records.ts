// Says of what was packed what a manifest says of it.
import type { PackedEntry, PackedSegment } from "../pack/packed-segment.ts";
import type { EntryStatus } from "../scan/entry-status.ts";
import type { Extent, ManifestEntry, SegmentRecord } from "./manifest-records.ts";

/** A file that changed so shortly before it was read may change once more within the same tick of its times. */
const racyNs = 60_000_000_000n;

/** `nowMs`: when it was made. */
export function segmentRecord(packed: PackedSegment, nowMs: number): SegmentRecord {
  return {
    storedBytes: packed.stored.length,
    rawBytes: packed.rawBytes,
    storedSha256: packed.storedSha256,
    chunk: packed.chunk ?? null,
    entryCount: packed.headerCount,
    origin: "made",
    verifiedAtMs: nowMs,
  };
}

/** `startedAtMs`: when the pack began; nothing was read earlier. */
export function manifestEntry(packed: PackedEntry, startedAtMs: number): ManifestEntry {
  const { kind, status, headerSegment, latin1Target = "", content } = packed;
  const { mode, uid, gid, mtimeNs, ctimeNs, dev, ino } = status;
  const path = Buffer.from(packed.latin1Path, "latin1");
  const base = { path, mode, uid, gid, mtimeNs, ctimeNs, dev, ino, headerSegment };
  if (kind === "directory") return { ...base, kind };
  if (kind !== "file") return { ...base, kind, target: Buffer.from(latin1Target, "latin1") };
  if (content === undefined) throw new Error(`${packed.latin1Path} is a file without content`);
  const { start } = content;
  const extents: Extent[] =
    start === undefined ? [] : [{ source: "own", ...start, bytes: status.sizeBytes }];
  return {
    ...base,
    kind,
    sizeBytes: status.sizeBytes,
    sha256: content.sha256,
    extents,
    racy: isRacy(status, startedAtMs),
    warned: content.hasChanged,
    sqlite: null,
  };
}

function isRacy({ mtimeNs, ctimeNs }: EntryStatus, startedAtMs: number): boolean {
  const settledNs = BigInt(startedAtMs) * 1_000_000n - racyNs;
  return mtimeNs > settledNs || ctimeNs > settledNs;
}
