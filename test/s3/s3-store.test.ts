// The object store on S3, against a real gateway.
import { GetObjectCommand } from "@aws-sdk/client-s3";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { describe } from "vitest";
import { objectStoreConformance } from "../conformance/object-store.ts";
import { freshBucket } from "../harness/fresh-bucket.ts";
import { s3ConfigOf } from "./s3-config.ts";

describe("the store on S3", () => {
  objectStoreConformance(async () => {
    const bucket = await freshBucket();
    return {
      store: openS3Store(s3ConfigOf(bucket), Math.random),
      elsewhere: openS3Store(s3ConfigOf(bucket), Math.random),
      readObject: async (key) => {
        const command = new GetObjectCommand({ Bucket: bucket.name, Key: key });
        const { Body } = await bucket.client.send(command);
        if (Body === undefined) throw new Error(`${key} has no body`);
        return new Uint8Array(await Body.transformToByteArray());
      },
      remove: bucket.remove,
    };
  });
});
