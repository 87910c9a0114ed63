// Gives a test a bucket of its own on the S3 gateway of the run.
import { randomBytes } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { serverVariable } from "./server-variable.ts";

export type FreshBucket = {
  readonly name: string;
  /** The variables that name this bucket and its gateway to our programs. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client of the gateway, for looking at what lies in the bucket; ended by `remove`. */
  readonly client: S3Client;
  /** Empties the bucket, versions and unfinished uploads included, and deletes it. */
  readonly remove: () => Promise<void>;
};

const SERVER = [
  "S3_ENDPOINT",
  "S3_ACCESS_KEY",
  "S3_SECRET_KEY",
  "S3_REGION",
  "S3_FORCE_PATH_STYLE",
] as const;

/** Creates one. */
export async function freshBucket(): Promise<FreshBucket> {
  const name = `test-${randomBytes(8).toString("hex")}`;
  const server = Object.fromEntries(SERVER.map((variable) => [variable, serverVariable(variable)]));
  const client = gatewayClient();
  await client.send(new CreateBucketCommand({ Bucket: name }));
  return {
    name,
    environment: { ...server, S3_BUCKET: name },
    client,
    remove: async () => {
      await abortUploads(client, name);
      await deleteObjects(client, name);
      await client.send(new DeleteBucketCommand({ Bucket: name }));
      client.destroy();
    },
  };
}

function gatewayClient(): S3Client {
  return new S3Client({
    endpoint: serverVariable("S3_ENDPOINT"),
    region: serverVariable("S3_REGION"),
    forcePathStyle: serverVariable("S3_FORCE_PATH_STYLE") === "true",
    credentials: {
      accessKeyId: serverVariable("S3_ACCESS_KEY"),
      secretAccessKey: serverVariable("S3_SECRET_KEY"),
    },
    // Not every gateway knows the checksums that newer clients send unasked.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

async function abortUploads(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    if (Uploads.length === 0) return;
    for (const { Key, UploadId } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
  }
}

async function deleteObjects(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    const found = [...Versions, ...DeleteMarkers];
    if (found.length === 0) return;
    for (const { Key, VersionId } of found) {
      await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  }
}
