import fc from "fast-check";
import { expect, test } from "vitest";
import { pathHash } from "./path-hash.ts";
import { planNumbersV1 as numbers } from "./plan-numbers.ts";
import {
  chunksOf,
  SegmentPlanner,
  type PlannableEntry,
  type PlannedPiece,
} from "./segment-planner.ts";

const kib = 1024;
const mib = 1024 * kib;

function entry(name: string, dataBytes: number): PlannableEntry {
  return {
    latin1Path: `game/${name}`,
    dataBytes,
    framedBytes: 1_536 + Math.ceil(dataBytes / 512) * 512,
  };
}

function plan(entries: readonly PlannableEntry[]): PlannedPiece<PlannableEntry>[] {
  const planner = new SegmentPlanner<PlannableEntry>(numbers);
  return [...entries.flatMap((each) => planner.add(each)), ...planner.end()];
}

/** What makes two pieces the same segments: their entries. */
function keysOf(pieces: readonly PlannedPiece<PlannableEntry>[]): string[] {
  return pieces.map((piece) =>
    (piece.kind === "group" ? piece.entries : [piece.entry])
      .map(({ latin1Path, dataBytes }) => `${latin1Path} ${dataBytes}`)
      .join("\n"),
  );
}

const smallSizes = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 40 * kib }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: mib }) },
);
const sizes = fc.oneof(
  { weight: 10, arbitrary: smallSizes },
  { weight: 1, arbitrary: fc.integer({ min: mib + 1, max: 20 * mib }) },
);

function named(fileSizes: readonly number[]): PlannableEntry[] {
  return fileSizes.map((size, at) => entry(`f${String(at).padStart(6, "0")}`, size));
}

test("a plan holds every entry once, in order, and no group more than it may", () => {
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 2_000 }), (fileSizes) => {
      const entries = named(fileSizes);
      const pieces = plan(entries);
      const planned = pieces.flatMap((piece) =>
        piece.kind === "group" ? piece.entries : [piece.entry],
      );
      expect(planned).toEqual(entries);
      const groups = pieces.flatMap((piece) => (piece.kind === "group" ? [piece.entries] : []));
      const large = pieces.flatMap((piece) => (piece.kind === "large-file" ? [piece.entry] : []));
      expect(large).toEqual(entries.filter(({ dataBytes }) => dataBytes > mib));
      for (const group of groups) {
        const bytes = group.reduce((sum, { framedBytes }) => sum + framedBytes, 0);
        expect(bytes).toBeLessThanOrEqual(4 * mib);
      }
    }),
    { seed: 4, numRuns: 30 },
  );
});

test("the same entries have the same plan", () => {
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 500 }), (fileSizes) => {
      expect(keysOf(plan(named(fileSizes)))).toEqual(keysOf(plan(named(fileSizes))));
    }),
    { seed: 4, numRuns: 30 },
  );
});

test("a file that comes, goes or changes its size leaves all segments but a few as they are", () => {
  // Large files are borders by themselves, and would hide that groups find their own again.
  const changes = fc.record({
    fileSizes: fc.array(smallSizes, { minLength: 1_000, maxLength: 2_000, size: "max" }),
    at: fc.integer({ min: 0, max: 999 }),
    kind: fc.constantFrom("add", "remove", "resize"),
    size: smallSizes,
  });
  let worst = 0;
  fc.assert(
    fc.property(changes, ({ fileSizes, at, kind, size }) => {
      const before = named(fileSizes);
      const after = [...before];
      if (kind === "add") after.splice(at, 0, entry(`f${String(at).padStart(6, "0")}-new`, size));
      if (kind === "remove") after.splice(at, 1);
      if (kind === "resize") after[at] = entry(`f${String(at).padStart(6, "0")}`, size);
      const known = new Set(keysOf(plan(before)));
      const made = keysOf(plan(after)).filter((key) => !known.has(key));
      worst = Math.max(worst, made.length);
    }),
    { seed: 4, numRuns: 100 },
  );
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThanOrEqual(8);
});

test("a group is cut after an entry whose path says so, once it is large enough", () => {
  // Of these, the hash of the third alone lies below its share of the whole range.
  const names = ["a", "b", "c", "d"].map((name) => entry(name, 400 * kib));
  const share = Math.floor((names[0]!.framedBytes * 2 ** 32) / (2 * mib));
  const cutting = names.filter(({ latin1Path }) => pathHash(latin1Path) < share);
  const pieces = plan(names);
  for (const piece of pieces.slice(0, -1)) {
    const last = piece.kind === "group" ? piece.entries.at(-1) : undefined;
    expect(cutting).toContain(last);
  }
});

test("the header of a large file ends the group before it, and its data is cut at 2 MiB", () => {
  const pieces = plan([entry("a", 5), entry("b", 5 * mib), entry("c", 5)]);
  expect(pieces.map(({ kind }) => kind)).toEqual(["group", "large-file", "group"]);
  expect([...chunksOf(5 * mib + 1, numbers)]).toEqual([
    { offsetBytes: 0, sizeBytes: 2_097_152 },
    { offsetBytes: 2_097_152, sizeBytes: 2_097_152 },
    { offsetBytes: 4_194_304, sizeBytes: 1_048_577 },
  ]);
  expect([...chunksOf(0, numbers)]).toEqual([]);
});
