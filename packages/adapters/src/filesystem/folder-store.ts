// The object store in a folder, for a machine without a server: what the control plane and the packers need of it. Any number of
// processes may use one folder at a time.
import { resolve } from "node:path";
import type { BucketListing, ObjectReader, PartSender, UploadControl } from "@manman/core/ports.ts";
import { folderBucketListing } from "./bucket-listing.ts";
import { makeFolder } from "./durable-folder.ts";
import { orFault } from "./folder-fault.ts";
import { folderLayout } from "./folder-layout.ts";
import { folderRangeReader } from "./object-range.ts";
import { folderPartSender } from "./part-sender.ts";
import { folderUploadControl } from "./upload-control.ts";

export type FolderStoreConfig = {
  /** The folder; made unless it exists. Objects lie in it under their keys, open uploads under `.uploads`. */
  readonly root: string;
  readonly nowMs: () => number;
  /** Gives a new UUID. */
  readonly newId: () => string;
};

/** Throws a Fault when the folder cannot be made. */
export async function openFolderStore(
  config: FolderStoreConfig,
): Promise<UploadControl & PartSender & ObjectReader & BucketListing> {
  const layout = folderLayout(resolve(config.root));
  await orFault(`object store in ${layout.root}`, async () => await makeFolder(layout.trash));
  return {
    ...folderPartSender(layout, config.newId()),
    ...folderUploadControl(layout, config.nowMs, config.newId),
    ...folderRangeReader(layout),
    ...folderBucketListing(layout),
  };
}
