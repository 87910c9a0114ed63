// The object store on any server that speaks S3: what the control plane and the packers need of it, over one client.
import type { StoreConfig } from "@manman/contract/environment/store-variables.ts";
import type { BucketListing, ObjectReader, PartSender, UploadControl } from "@manman/core/ports.ts";
import { s3BucketListing } from "./bucket-listing.ts";
import { s3RangeReader } from "./object-reader.ts";
import { s3PartSender } from "./part-sender.ts";
import { defaultS3Limits, type S3Limits } from "./s3-client.ts";
import { openS3Requests } from "./s3-requests.ts";
import { s3UploadControl } from "./upload-control.ts";

/** Makes no request yet. `random` gives numbers in [0, 1), for the spread of waits between tries. */
export function openS3Store(
  config: StoreConfig,
  random: () => number,
  limits: S3Limits = defaultS3Limits,
): UploadControl & PartSender & ObjectReader & BucketListing {
  const requests = openS3Requests(config, random, limits);
  return {
    ...s3PartSender(requests),
    ...s3UploadControl(requests),
    ...s3RangeReader(requests),
    ...s3BucketListing(requests),
  };
}
