// What a test asks the gateway about a fleet's bucket.
import { createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { backupOf } from "./fleet-records.ts";
import type { Fleet } from "./fleet.ts";

/** Its size in bytes; null where the gateway answers that there is no such object. */
export async function storedBytes({ bucket }: Fleet, key: string): Promise<bigint | null> {
  try {
    const head = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }));
    return BigInt(head.ContentLength ?? -1);
  } catch (error) {
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404) return null;
    throw error;
  }
}

/** Whether the backup's object is there in the size on record. */
export async function wholeObject(fleet: Fleet, sgcId: bigint, backupId: bigint): Promise<boolean> {
  const { sizeBytes } = await backupOf(fleet, backupId);
  return (await storedBytes(fleet, `backups/${sgcId}/${backupId}.tar.gz`)) === sizeBytes;
}

/** Writes the object into a file, with one GET. */
export async function fetchObject({ bucket }: Fleet, key: string, file: string): Promise<void> {
  const got = await bucket.client.send(new GetObjectCommand({ Bucket: bucket.name, Key: key }));
  await pipeline(got.Body as Readable, createWriteStream(file));
}

/** The keys of uploads that were neither completed nor aborted. */
export async function openUploads({ bucket }: Fleet): Promise<readonly string[]> {
  const { Uploads = [] } = await bucket.client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket.name }),
  );
  return Uploads.map(({ Key }) => Key ?? "");
}
