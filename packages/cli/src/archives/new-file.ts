// Writes a file that is either whole or not there, and takes nothing's place unasked.
import { randomBytes } from "node:crypto";
import { link, open, rename, rm } from "node:fs/promises";
import { Fault } from "@manman/archive/archive-fault.ts";
import { fileSystemFault, systemErrorCode } from "@manman/archive/file-system-fault.ts";

/**
 * Writes `path` by what `write` hands to its sink, and gives it its name only when all of it is on disk. Fails with a Fault that names it,
 * `rejected` where it is there already and `force` is not set; then nothing is left behind.
 */
export async function writeNewFile<T>(
  path: string,
  { force }: { readonly force: boolean },
  write: (sink: (bytes: Buffer) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.${randomBytes(4).toString("hex")}.partial`;
  try {
    const file = await open(partial, "wx");
    let result: T;
    try {
      result = await write(async (bytes) => {
        await file.writeFile(bytes);
      });
      await file.sync();
    } finally {
      await file.close();
    }
    await (force ? rename(partial, path) : link(partial, path));
    return result;
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") throw isThere(path);
    throw fileSystemFault(error, "write", path);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Fails, before any work is done, where `writeNewFile` would. */
export function isThere(path: string): Fault {
  return new Fault("rejected", `${path} is there already; --force replaces it`);
}
