// Writes data to its place in a file and leaves runs of zeros out, so that sparse files come back sparse.
import { ftruncateSync, writeSync } from "node:fs";

/** File systems allot no less than this. */
const holeBytes = 4096;
const zeros = Buffer.alloc(holeBytes);

/**
 * Writes `data` at `offset` of a file that reads as zeros there. Holes at the end are left to `setLength`. Fails with a system error.
 */
export function writeSparsely(fd: number, data: Buffer, offset: number): void {
  let runStart = 0;
  for (let at = 0; at < data.length; at += holeBytes) {
    const end = Math.min(at + holeBytes, data.length);
    if (isZero(data, at, end)) {
      writeAll(fd, data.subarray(runStart, at), offset + runStart);
      runStart = end;
    }
  }
  writeAll(fd, data.subarray(runStart), offset + runStart);
}

/** Gives a file its full length, which its last bytes do not when they are a hole. */
export function setLength(fd: number, sizeBytes: number): void {
  ftruncateSync(fd, sizeBytes);
}

/** Whether the last bytes of what `writeSparsely` took were left out. */
export function endsInHole(data: Buffer): boolean {
  if (data.length === 0) return false;
  const lastBlock = data.length - (data.length % holeBytes || holeBytes);
  return isZero(data, lastBlock, data.length);
}

/** Nearly every block differs from zero in its first byte, which makes this cheap. */
function isZero(data: Buffer, from: number, to: number): boolean {
  return data[from] === 0 && data.compare(zeros, 0, to - from, from, to) === 0;
}

function writeAll(fd: number, bytes: Buffer, offset: number): void {
  for (let written = 0; written < bytes.length;) {
    written += writeSync(fd, bytes, written, bytes.length - written, offset + written);
  }
}
