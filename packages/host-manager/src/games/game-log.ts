// Keeps a game's log bounded. The game writes the file itself, so that it neither blocks nor breaks when its supervisor is killed;
// the price is that the file cannot be swapped under it, and is copied and cut instead.
import {
  closeSync,
  ftruncateSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";

/** A log grows to this, plus what a game writes between two looks at it. There are two: the current one, and `.1` before it. */
export const LOG_BYTES_MAX = 10 * 1024 * 1024;
/** How often a log's size is looked at. */
export const LOG_CHECK_MS = 1_000;

const CHUNK_BYTES = 1024 * 1024;

/**
 * Moves the last `bytesMax` of `log` to `{log}.1` and empties it, once it has grown beyond that. What the game writes in the
 * microseconds between the last read and the cut is lost; the calls are synchronous to keep it at that. The game must write in
 * append mode. Where the copy cannot be written (a full disk), the old lines go rather than the bound. Never throws: a log is no
 * reason to let go of a game, and the next look tries again.
 */
export function rotateGameLog(log: string, bytesMax: number = LOG_BYTES_MAX): void {
  try {
    if (statSync(log).size > bytesMax) rotate(log, bytesMax);
  } catch {
    // See above.
  }
}

function rotate(log: string, bytesMax: number): void {
  const source = openSync(log, "r+");
  try {
    copyTail(source, `${log}.1`, bytesMax);
  } catch {
    rmSync(`${log}.1.draft`, { force: true });
  } finally {
    ftruncateSync(source, 0);
    closeSync(source);
  }
}

function copyTail(source: number, path: string, bytesMax: number): void {
  const draft = `${path}.draft`;
  const target = openSync(draft, "w", 0o600);
  try {
    const { size } = fstatSync(source);
    const end = copyRange(source, size - bytesMax, size, target);
    renameSync(draft, path);
    // What came in meanwhile; no more than as much again, lest a game that writes faster than this reads keeps it busy for ever.
    copyRange(source, end, end + bytesMax, target);
  } finally {
    closeSync(target);
  }
}

/** Copies from `start` up to `end` or the end of the file, and returns where it stopped. */
function copyRange(source: number, start: number, end: number, target: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = start;
  while (at < end) {
    const read = readSync(source, chunk, 0, Math.min(chunk.length, end - at), at);
    if (read === 0) break;
    for (let written = 0; written < read;) {
      written += writeSync(target, chunk, written, read - written);
    }
    at += read;
  }
  return at;
}
