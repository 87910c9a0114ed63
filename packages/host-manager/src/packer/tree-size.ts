// Estimates how large the tar of a directory tree will be, so that progress has a total and the parts of a large archive their size.
import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";

/** A header and its extended header with a time take three blocks of 512 bytes. */
const headerBytes = 1_536;
const blockBytes = 512;
const statsAtOnce = 16;

/**
 * Bytes of the tar of everything below `rootPath`. An estimate: what cannot be looked at counts nothing, since packing it says why, and a
 * file with several names counts with each. Bound: the names of the directories on the way down.
 */
export async function estimateTarBytes(rootPath: string, signal: AbortSignal): Promise<number> {
  let total = headerBytes;
  const waiting: Buffer[] = [Buffer.from(rootPath)];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    const entries = await readdir(directory, { withFileTypes: true, encoding: "buffer" }).catch(
      (): Dirent<Buffer>[] => [],
    );
    total += entries.length * headerBytes;
    for (let at = 0; at < entries.length; at += statsAtOnce) {
      signal.throwIfAborted();
      const paths = entries
        .slice(at, at + statsAtOnce)
        .map((entry) => ({ entry, path: Buffer.concat([directory, slash, entry.name]) }));
      waiting.push(...paths.filter(({ entry }) => entry.isDirectory()).map(({ path }) => path));
      const sizes = await Promise.all(
        paths.filter(({ entry }) => entry.isFile()).map(async ({ path }) => await fileBytes(path)),
      );
      for (const size of sizes) total += Math.ceil(size / blockBytes) * blockBytes;
    }
  }
  return total;
}

const slash = Buffer.from("/");

async function fileBytes(path: Buffer): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch {
    return 0;
  }
}
