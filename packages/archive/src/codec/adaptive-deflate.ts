// Deflates what becomes smaller by it and stores the rest: data that is compressed already costs a copy instead of the compressor's full time.
import { constants, deflateRawSync } from "node:zlib";
import { isIncompressible, judgedBytesMin } from "./compressibility.ts";
import { keptDeflate } from "./kept-compressor.ts";

/** The largest piece that is judged as one; it fits into one stored block. */
const judgedBytesMax = 127 * 512;
/** How far back deflate refers; a run may refer into the run before it. */
const windowBytes = 32 * 1024;
/** A stored block: a byte that says so and that more follow, its length, and that again in complement. */
const storedHeaderBytes = 5;
const storedBlockBytesMax = 65_535;
/** The last block: empty, in fixed codes. */
const lastBlock = Buffer.from([0x03, 0x00]);

/** What `adaptiveDeflate` gives at most: 5 bytes more for each 65,535, and 2. */
export function deflatedBytesMax(rawBytes: number): number {
  return runBytesMax(rawBytes) + lastBlock.length;
}

/** What it needs to work in: runs may be cut at each of the borders that count. */
export function deflateRoomBytes(rawBytes: number): number {
  return deflatedBytesMax(rawBytes) + 3 * storedHeaderBytes * Math.ceil(rawBytes / judgedBytesMin);
}

/**
 * Writes `raw` as a complete deflate stream into `target`, which has `deflateRoomBytes`, and gives the bytes that it took. It is never
 * larger than storing it all. `borders`: ascending places where data of another nature may begin, such as where files begin and end;
 * what lies between two of them is judged by itself.
 */
export function adaptiveDeflate(
  raw: Buffer,
  level: number,
  target: Buffer,
  borders: readonly number[] = [],
): number {
  let filled = 0;
  let deflatedTo = -windowBytes;
  for (const { from, to, isStored } of runsOf(raw, borders)) {
    const room = target.subarray(filled);
    if (isStored) {
      filled += storeRun(raw.subarray(from, to), room);
    } else {
      // What was stored does not repeat itself, so that only a deflated run is worth referring to.
      const isNear = from - deflatedTo < windowBytes;
      const dictionary = isNear ? raw.subarray(Math.max(0, from - windowBytes), from) : undefined;
      filled += deflateRun(raw.subarray(from, to), dictionary, level, room);
      deflatedTo = to;
    }
  }
  if (filled > runBytesMax(raw.length)) filled = storeRun(raw, target);
  return filled + lastBlock.copy(target, filled);
}

type Run = { readonly from: number; readonly to: number; readonly isStored: boolean };

/** Adjacent pieces of one nature are one run. */
function* runsOf(raw: Buffer, borders: readonly number[]): Generator<Run> {
  let run: Run | undefined;
  for (const { from, to } of piecesOf(raw.length, borders)) {
    const isStored = isIncompressible(raw.subarray(from, to));
    if (run?.isStored === isStored) {
      run = { ...run, to };
    } else {
      if (run !== undefined) yield run;
      run = { from, to, isStored };
    }
  }
  if (run !== undefined) yield run;
}

/** Borders that are too close to the one before are passed over; what lies between two is divided evenly. */
function* piecesOf(
  rawBytes: number,
  borders: readonly number[],
): Generator<{ from: number; to: number }> {
  let from = 0;
  for (const border of [...borders, rawBytes]) {
    const count = Math.ceil((border - from) / judgedBytesMax);
    for (let left = count; left > 0; left -= 1) {
      const to = from + Math.ceil((border - from) / left);
      yield { from, to };
      from = to;
    }
  }
}

function storeRun(run: Buffer, target: Buffer): number {
  let filled = 0;
  for (let from = 0; from < run.length; from += storedBlockBytesMax) {
    const block = run.subarray(from, from + storedBlockBytesMax);
    target[filled] = 0;
    target.writeUInt16LE(block.length, filled + 1);
    target.writeUInt16LE(block.length ^ 0xffff, filled + 3);
    filled += storedHeaderBytes + block.copy(target, filled + storedHeaderBytes);
  }
  return filled;
}

/** What a run takes when it is stored. */
function runBytesMax(runBytes: number): number {
  return runBytes + storedHeaderBytes * Math.ceil(runBytes / storedBlockBytesMax);
}

/** Ends at a byte's border, so that the next run can follow. */
function deflateRun(
  run: Buffer,
  dictionary: Buffer | undefined,
  level: number,
  target: Buffer,
): number {
  if (dictionary === undefined) {
    const deflatedBytes = keptDeflate(level)(run, target.subarray(0, runBytesMax(run.length)));
    return deflatedBytes ?? storeRun(run, target);
  }
  const deflated = deflateRawSync(run, {
    level,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: deflateBound(run.length),
    dictionary,
  });
  if (deflated.length >= runBytesMax(run.length)) return storeRun(run, target);
  return deflated.copy(target);
}

/** Zlib's own bound and the flush, so that one buffer takes it all. */
function deflateBound(rawBytes: number): number {
  return rawBytes + Math.ceil(rawBytes / 1_000) + 64;
}
