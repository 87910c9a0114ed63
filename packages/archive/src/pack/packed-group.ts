// Joins what a group's entries were when they were scanned with what a worker found when it read them.
import { isSameInode } from "../scan/entry-status.ts";
import type { PlacedEntry } from "./pack-plan.ts";
import type { PackWarningKind } from "./pack-warnings.ts";
import type { PackedContent, PackedEntry } from "./packed-segment.ts";
import type { EntryFinding, GroupOutcome, MadeSegment } from "./segment-job.ts";

const sha256Bytes = 32;

export type PackedGroup = {
  readonly entries: readonly PackedEntry[];
  /** Entries that other names were to lead to, and that are no longer what they were. */
  readonly lost: readonly string[];
  readonly warnings: readonly {
    readonly place: number;
    readonly latin1Path: string;
    readonly kind: PackWarningKind;
    readonly detail: string;
  }[];
};

/** `number`: of the segment that the group stands in. */
export function packedGroup(
  placed: readonly PlacedEntry[],
  { group }: MadeSegment,
  number: number,
): PackedGroup {
  const outcome = group as GroupOutcome;
  const findings = new Map(outcome.findings.map((finding) => [finding.at, finding]));
  const entries: PackedEntry[] = [];
  const lost: string[] = [];
  const warnings: PackedGroup["warnings"][number][] = [];
  for (const [at, entry] of placed.slice(0, outcome.settledCount).entries()) {
    const { place, latin1Path } = entry;
    const finding = findings.get(at);
    if (entry.isLinkedTo && !isStill(entry, finding)) lost.push(latin1Path);
    if (finding !== undefined && "leftOut" in finding) {
      const { reason, detail } = finding.leftOut;
      warnings.push({ place, latin1Path, kind: reason, detail });
      continue;
    }
    const detail = finding?.changed;
    if (detail !== undefined) warnings.push({ place, latin1Path, kind: "changed", detail });
    entries.push(packedEntry(entry, finding, contentAt(outcome, at, detail !== undefined), number));
  }
  return { entries, lost, warnings };
}

type Taken = Extract<EntryFinding, { kind: string }>;

function isStill(entry: PlacedEntry, finding: EntryFinding | undefined): boolean {
  if (finding === undefined) return true;
  return !("leftOut" in finding) && isSameInode(finding.status, entry.status);
}

function packedEntry(
  entry: PlacedEntry,
  finding: Taken | undefined,
  contentFor: (sizeBytes: number, segment: number) => PackedContent,
  headerSegment: number,
): PackedEntry {
  const kind = finding?.kind ?? entry.kind;
  const status = finding?.status ?? entry.status;
  const { latin1Path } = entry;
  if (kind === "file") {
    const content = contentFor(status.sizeBytes, headerSegment);
    return { kind, latin1Path, isRegular: true, status, headerSegment, content };
  }
  const latin1Target = finding?.latin1Target ?? entry.latin1Target ?? "";
  const isRegular = kind === "hardlink" && !entry.isSymlink;
  return { kind, latin1Path, isRegular, status, headerSegment, latin1Target };
}

function contentAt({ dataOffsets, dataSha256 }: GroupOutcome, at: number, hasChanged: boolean) {
  return (sizeBytes: number, segment: number): PackedContent => ({
    sha256: Buffer.from(dataSha256.slice(at * sha256Bytes, (at + 1) * sha256Bytes)),
    start: sizeBytes === 0 ? undefined : { segment, rawOffset: dataOffsets[at] as number },
    hasChanged,
  });
}
