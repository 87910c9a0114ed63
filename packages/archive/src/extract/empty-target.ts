// Makes sure that an extraction begins in an empty directory: what stands there already could be taken for what was extracted.
import { fstatSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";

/** Fails with a Fault `rejected` for a directory that is not empty, or for what is none. */
export async function requireEmptyTarget(targetFd: number): Promise<void> {
  if (!fstatSync(targetFd).isDirectory()) {
    throw new Fault("rejected", "extract: the target is no directory");
  }
  const listing = await opendir(`/proc/self/fd/${targetFd}`);
  try {
    if ((await listing.read()) !== null) {
      throw new Fault("rejected", "extract: the target directory is not empty");
    }
  } finally {
    await listing.close();
  }
}
