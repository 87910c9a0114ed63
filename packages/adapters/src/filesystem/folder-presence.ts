// Tells a thing that is missing in the folder from a folder that is itself not there: an unmounted disk is not an empty store.
import { stat } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";
import { unlessMissing } from "./folder-fault.ts";
import type { FolderLayout } from "./folder-layout.ts";

/** Throws `away` when the folder, or what we made in it, is gone. */
export async function assertPresent(layout: FolderLayout): Promise<void> {
  const found = await unlessMissing(stat(layout.trash), null);
  if (found !== null) return;
  throw new Fault("away", `object store in ${layout.root}: the folder is not there any more`);
}

/** Throws `missing` with these words, or `away`. */
export async function throwMissing(layout: FolderLayout, words: string): Promise<never> {
  await assertPresent(layout);
  throw new Fault("missing", words);
}
