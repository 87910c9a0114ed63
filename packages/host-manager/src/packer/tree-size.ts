// Estimates how large the tar of a directory tree will be, so that progress has a total and the parts of a large archive their size.
import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

/** A header and its extended header with a time take three blocks of 512 bytes. */
const headerBytes = 1_536;
const blockBytes = 512;
/** So many entries are looked at before others get their turn: half a millisecond. */
const entriesAtOnce = 128;

/**
 * Bytes of the tar of everything below `rootPath`. An estimate: what cannot be looked at counts nothing, since packing it says why, what
 * is excluded counts, and a file with several names counts with each. Bound: the names of the directories on the way down.
 */
export async function estimateTarBytes(rootPath: string, signal: AbortSignal): Promise<number> {
  let total = headerBytes;
  let seen = 0;
  const waiting: Buffer[] = [Buffer.from(rootPath)];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for (const entry of listed(directory)) {
      seen += 1;
      if (seen % entriesAtOnce === 0) await nextTurn();
      signal.throwIfAborted();
      total += headerBytes;
      const path = Buffer.concat([directory, slash, entry.name]);
      if (entry.isDirectory()) waiting.push(path);
      else if (entry.isFile()) total += Math.ceil(fileBytes(path) / blockBytes) * blockBytes;
    }
  }
  return total;
}

const slash = Buffer.from("/");

function listed(directory: Buffer): Dirent<Buffer>[] {
  try {
    return readdirSync(directory, { withFileTypes: true, encoding: "buffer" });
  } catch {
    return [];
  }
}

function fileBytes(path: Buffer): number {
  try {
    return lstatSync(path).size;
  } catch {
    return 0;
  }
}
