// The store's configuration for a test's bucket.
import type { S3Config } from "@manman/adapters/s3/s3-client.ts";
import type { FreshBucket } from "../harness/fresh-bucket.ts";

export function s3ConfigOf({ name, environment }: FreshBucket): S3Config {
  return {
    bucket: name,
    region: environment["S3_REGION"] ?? "us-east-1",
    endpoint: environment["S3_ENDPOINT"] ?? null,
    credentials: {
      accessKey: environment["S3_ACCESS_KEY"] ?? "",
      secretKey: environment["S3_SECRET_KEY"] ?? "",
    },
    forcePathStyle: environment["S3_FORCE_PATH_STYLE"] === "true",
  };
}
