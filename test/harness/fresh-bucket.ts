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
import { SERVER_VARIABLES } from "../../scripts/services/server-environment.ts";
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

/** The variables that name a gateway. */
export type GatewayVariables = Readonly<Record<string, string>>;

/** Creates one; by default on the gateway of the run. */
export async function freshBucket(server: GatewayVariables = ofTheRun()): Promise<FreshBucket> {
  const name = `test-${randomBytes(8).toString("hex")}`;
  const client = gatewayClient(server);
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

function ofTheRun(): GatewayVariables {
  return Object.fromEntries(
    SERVER_VARIABLES.s3.map((variable) => [variable, serverVariable(variable)]),
  );
}

function gatewayClient(server: GatewayVariables): S3Client {
  return new S3Client({
    endpoint: server["S3_ENDPOINT"] ?? "",
    region: server["S3_REGION"] ?? "",
    forcePathStyle: server["S3_FORCE_PATH_STYLE"] === "true",
    credentials: {
      accessKeyId: server["S3_ACCESS_KEY"] ?? "",
      secretAccessKey: server["S3_SECRET_KEY"] ?? "",
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
