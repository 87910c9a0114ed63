// Finds a segment in an archive or in its base, and fetches its stored bytes.
import { Fault } from "@manman/core/fault.ts";
import type { Manifest } from "../manifest/manifest-reader.ts";
import type { Extent, PlacedSegment } from "../manifest/manifest-records.ts";
import type { ReadRanges } from "../read-ranges.ts";

/** An archive and the manifest that describes it. */
export type ArchiveSource = { readonly manifest: Manifest; readonly archive: ReadRanges };

/** What is read from: an archive, and the base that it refers to, if it does. */
export type ArchiveSources = {
  readonly own: ArchiveSource;
  readonly base: ArchiveSource | undefined;
};

/** For people: `segment 5`, or `segment 5 of the base`. */
export function segmentName(source: Extent["source"], number: number): string {
  return source === "own" ? `segment ${number}` : `segment ${number} of the base`;
}

export function sourceOf(sources: ArchiveSources, source: Extent["source"]): ArchiveSource {
  const found = sources[source];
  if (found === undefined) throw new Fault("missing", "extract: the archive's base was not given");
  return found;
}

/** Fetches a segment. Fails with a Fault: `corrupt` where the archive ends before it. */
export async function fetchSegment(
  { archive }: ArchiveSource,
  { offset, storedBytes }: PlacedSegment,
  name: string,
): Promise<Buffer> {
  if (offset + storedBytes > archive.sizeBytes) {
    throw new Fault("corrupt", `read ${name}: the archive ends at byte ${archive.sizeBytes}`);
  }
  const stored = await archive.read(offset, storedBytes);
  if (stored.length === storedBytes) return stored;
  throw new Fault("corrupt", `read ${name}: ${stored.length} bytes of ${storedBytes}`);
}
