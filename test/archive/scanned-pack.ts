// Packs a tree in this thread with a chance to change it between looking at its entries and reading them, which is where workers and scan race.
import { SegmentMaker } from "@manman/archive/pack/segment-maker.ts";
import { SegmentSequence } from "@manman/archive/pack/segment-sequence.ts";
import type { PackedEntry } from "@manman/archive/pack/packed-segment.ts";
import { jobOf } from "@manman/archive/pack/segment-unit.ts";
import { planNumbersV1 } from "@manman/archive/plan/plan-numbers.ts";
import { Exclusion } from "@manman/archive/scan/exclusion.ts";
import { TreeScan, type ScanStep } from "@manman/archive/scan/scan-tree.ts";

/** Entries but for the root, in the order of the archive, with what was left out in its place. */
export type PackedTree = { found: object[]; raw: Buffer };

/** `swapAfter`: "listing" when only the root was listed, "scan" when everything was looked at and nothing read. */
export async function scannedPack(
  rootPath: string,
  swapAfter: "listing" | "scan",
  swap: () => void,
): Promise<PackedTree> {
  const scan = new TreeScan({
    rootPath: Buffer.from(rootPath),
    rootName: "game",
    emptyRoot: "refuse",
  });
  const tree = { rootFd: scan.rootFd, latin1Root: "game/", shownRoot: rootPath };
  const numbers = planNumbersV1;
  const maker = new SegmentMaker({ tree, numbers, compression: { codec: "none" } });
  const sequence = new SegmentSequence(tree, numbers);
  try {
    const steps = stepsWithSwap(scan, swapAfter, swap);
    const segments: Buffer[] = [];
    const entries: PackedEntry[] = [];
    const making = {
      slotsMax: 4,
      make: async (unit: Parameters<typeof jobOf>[0]) =>
        maker.make(jobOf(unit), new ArrayBuffer(0)),
      release: () => undefined,
      beforeDirectories: () => undefined,
      signal: new AbortController().signal,
    };
    for await (const segment of sequence.segments(steps, making)) {
      segments.push(Buffer.from(segment.stored));
      entries.push(...segment.entries);
    }
    const leftOut = sequence.findings.warnings.first
      .filter(({ kind }) => kind !== "changed")
      .map(({ path, kind }) => ({ path, reason: kind }));
    const inPlace = [
      ...entries.slice(1).map((entry) => shown(entry, segments)),
      ...leftOut,
    ].toSorted((one, other) => (one.path < other.path ? -1 : 1));
    const directories = inPlace.filter((each) => "kind" in each && each.kind === "directory");
    return {
      found: [
        ...inPlace.filter((each) => !directories.includes(each)),
        ...directories.toReversed(),
      ],
      raw: Buffer.concat(segments),
    };
  } finally {
    sequence.closeFiles();
    scan.close();
  }
}

function stepsWithSwap(
  scan: TreeScan,
  swapAfter: "listing" | "scan",
  swap: () => void,
): ScanStep[] {
  const steps = scan.steps(new Exclusion([]));
  const first = steps.next();
  if (swapAfter === "listing") swap();
  const rest = [...steps];
  if (swapAfter === "scan") swap();
  return first.done === true ? [] : [first.value, ...rest];
}

type Shown = { path: string; kind: string; target?: string; data?: string };

/** What a test looks at, with bytes as text. */
function shown(entry: PackedEntry, segments: readonly Buffer[]): Shown {
  const { kind, latin1Path: path, latin1Target: target, status, content } = entry;
  if (content === undefined) return { path, kind, ...(target !== undefined && { target }) };
  const { segment, rawOffset } = content.start ?? { segment: 0, rawOffset: 0 };
  const from = Buffer.concat(segments.slice(segment)).subarray(rawOffset);
  return { path, kind, data: from.toString("latin1", 0, status.sizeBytes) };
}
