// Turns what a scan finds into the segments that are to be made, one after the other and no further ahead than they are asked for.
import { setImmediate as nextTurn } from "node:timers/promises";
import { framedBytes } from "../plan/framed-bytes.ts";
import { GroupCutter } from "../plan/group-cutter.ts";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import { SegmentPlanner, type PlannedPiece } from "../plan/segment-planner.ts";
import type { EntryStatus } from "../scan/entry-status.ts";
import type { ScannedEntry, ScanStep } from "../scan/scan-tree.ts";

/** An entry with its place in the archive's order and what planning needs to know. */
export type PlacedEntry = ScannedEntry & {
  readonly place: number;
  readonly framedBytes: number;
  readonly dataBytes: number;
};

export type PlacedDirectory = {
  readonly latin1Path: string;
  readonly status: EntryStatus;
  readonly framedBytes: number;
};

export type PackPiece =
  | { readonly kind: "root"; readonly root: PlacedDirectory }
  | PlannedPiece<PlacedEntry>
  /** The last ones end the archive, even with no entries. */
  | {
      readonly kind: "directories";
      readonly directories: readonly PlacedDirectory[];
      readonly isLast: boolean;
    };

export type PlanListener = {
  readonly onLeftOut: (place: number, step: Extract<ScanStep, { kind: "left-out" }>) => void;
  readonly onExcluded: () => void;
};

/** So many steps of a scan are taken before others get their turn: two milliseconds. */
const stepsAtOnce = 256;

/** `signal` ends it with its reason between two turns. */
export async function* planPack(
  steps: Iterable<ScanStep>,
  numbers: PlanNumbers,
  { onLeftOut, onExcluded }: PlanListener,
  signal: AbortSignal,
): AsyncGenerator<PackPiece, void, void> {
  const planner = new SegmentPlanner<PlacedEntry>(numbers);
  const directories = new GroupCutter<PlacedDirectory>(numbers);
  let place = 0;
  let hasEntriesLeft = true;
  for (const step of steps) {
    place += 1;
    if (place % stepsAtOnce === 0) {
      await nextTurn();
      signal.throwIfAborted();
    }
    if (step.kind === "left-out") {
      onLeftOut(place, step);
    } else if (step.kind === "excluded") {
      onExcluded();
    } else if (step.kind !== "directory") {
      yield* planner.add(placedEntry(step, place));
    } else if (place === 1) {
      yield { kind: "root", root: placedDirectory(step) };
    } else {
      if (hasEntriesLeft) yield* planner.end();
      hasEntriesLeft = false;
      for (const group of directories.add(placedDirectory(step))) {
        yield { kind: "directories", directories: group, isLast: false };
      }
    }
  }
  if (hasEntriesLeft) yield* planner.end();
  yield { kind: "directories", directories: directories.cut()[0] ?? [], isLast: true };
}

/** The same entry with its data, or without, as its kind has become. */
export function placedEntry(entry: ScannedEntry, place: number): PlacedEntry {
  const dataBytes = entry.kind === "file" ? entry.status.sizeBytes : 0;
  const pathBytes = entry.latin1Path.length;
  const targetBytes =
    entry.kind === "symlink" ? entry.status.sizeBytes : (entry.latin1Target?.length ?? 0);
  return {
    ...entry,
    place,
    dataBytes,
    framedBytes: framedBytes({ pathBytes, targetBytes, dataBytes }),
  };
}

function placedDirectory({
  latin1Path,
  status,
}: Extract<ScanStep, { kind: "directory" }>): PlacedDirectory {
  const framed = framedBytes({ pathBytes: latin1Path.length, targetBytes: 0, dataBytes: 0 });
  return { latin1Path, status, framedBytes: framed };
}
