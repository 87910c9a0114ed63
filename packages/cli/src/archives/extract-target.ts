// The directory that an archive is extracted into: new or empty, and with room for what comes.
import { opendir, mkdir, open, rmdir, statfs, type FileHandle } from "node:fs/promises";
import { fileSystemFault } from "@manman/archive/file-system-fault.ts";
import { CommandFailure } from "../failure.ts";

export type ExtractTarget = {
  readonly fd: number;
  /** What the file system still takes of this user. */
  readonly freeBytes: number;
  /** Closes it, and takes away what was made of an extraction that has not begun to make anything. Returns whether something stands in it. */
  close(): Promise<boolean>;
};

/** Makes the directory where it is missing, and opens it. Fails with a CommandFailure or a Fault that names it. */
export async function openExtractTarget(path: string): Promise<ExtractTarget> {
  let isMade: boolean;
  let handle: FileHandle;
  try {
    isMade = (await mkdir(path, { recursive: true })) !== undefined;
    handle = await open(path, "r");
  } catch (error) {
    throw fileSystemFault(error, "make", path);
  }
  try {
    if (await holdsSomething(path)) {
      throw new CommandFailure(
        "refused",
        `${path} is not empty: name a new directory, or an empty one`,
      );
    }
    const { bavail, bsize } = await statfs(path);
    return {
      fd: handle.fd,
      freeBytes: bavail * bsize,
      close: async () => {
        await handle.close();
        if (await holdsSomething(path)) return true;
        if (isMade) await rmdir(path);
        return false;
      },
    };
  } catch (error) {
    await handle.close();
    throw fileSystemFault(error, "look into", path);
  }
}

async function holdsSomething(path: string): Promise<boolean> {
  const listing = await opendir(path);
  try {
    return (await listing.read()) !== null;
  } finally {
    await listing.close();
  }
}
