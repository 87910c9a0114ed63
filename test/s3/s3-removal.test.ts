// Removal from buckets that keep old versions, where a plain delete keeps every byte.
import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { expect, onTestFinished, test } from "vitest";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { s3ConfigOf } from "./s3-config.ts";

const key = "backups/42/5.tar.gz";

async function bucketWithVersions(): Promise<FreshBucket> {
  const bucket = await freshBucket();
  onTestFinished(bucket.remove);
  await version(bucket, "Enabled");
  await put(bucket, key, "one");
  await put(bucket, key, "two");
  await put(bucket, `${key}.sig`, "other");
  return bucket;
}

async function version({ client, name }: FreshBucket, Status: "Enabled" | "Suspended") {
  await client.send(
    new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status } }),
  );
}

async function put({ client, name }: FreshBucket, Key: string, Body: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: name, Key, Body }));
}

async function remove(bucket: FreshBucket): Promise<void> {
  const store = openS3Store(s3ConfigOf(bucket), Math.random);
  onTestFinished(() => store.close());
  await store.removeObject(key);
}

/** The keys of every version and delete marker in the bucket. */
async function keysLeft({ client, name }: FreshBucket): Promise<(string | undefined)[]> {
  const { Versions = [], DeleteMarkers = [] } = await client.send(
    new ListObjectVersionsCommand({ Bucket: name }),
  );
  return [...Versions, ...DeleteMarkers].map(({ Key }) => Key);
}

test("all versions of the object go, and nobody else's", async () => {
  const bucket = await bucketWithVersions();
  await remove(bucket);
  expect(await keysLeft(bucket)).toEqual(["backups/42/5.tar.gz.sig"]);
});

test("delete markers go too, so that a removal that was cut short is finished by the next", async () => {
  const bucket = await bucketWithVersions();
  await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }));
  expect(await keysLeft(bucket)).toHaveLength(4);
  await remove(bucket);
  expect(await keysLeft(bucket)).toEqual(["backups/42/5.tar.gz.sig"]);
});

test("versions from before versioning was suspended go", async () => {
  const bucket = await bucketWithVersions();
  await version(bucket, "Suspended");
  await put(bucket, key, "three");
  await remove(bucket);
  expect(await keysLeft(bucket)).toEqual(["backups/42/5.tar.gz.sig"]);
});
