// Removes an object for good. In a versioned bucket a plain delete only hides it and keeps every byte.
import {
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
} from "@aws-sdk/client-s3";
import { Fault } from "@manman/core/fault.ts";
import type { S3Requests } from "./s3-requests.ts";

const versionsPerPage = 1_000;
/** A key that still has versions after so many pages goes on in the caller's next try. */
const pagesMax = 20;

/** Removes the object with all its versions and delete markers; one that does not exist is removed already. */
export async function removeEverything(requests: S3Requests, key: string): Promise<void> {
  const keepsVersions = (await isVersioned(requests)) || (await removePlain(requests, key));
  if (keepsVersions) await removeVersions(requests, key);
}

/**
 * Asked each time: versioning may be switched on while we run. Where the question is refused or not understood, the answer to a
 * plain delete shows it.
 */
async function isVersioned({ bucket, send }: S3Requests): Promise<boolean> {
  try {
    const answer = await send(`ask for the versioning of ${bucket}`, async (client, options) => {
      return await client.send(new GetBucketVersioningCommand({ Bucket: bucket }), options);
    });
    return answer.Status !== undefined;
  } catch (error) {
    if (error instanceof Fault && error.kind === "rejected") return false;
    throw error;
  }
}

/** Answers whether the store has kept a version of it nevertheless. */
async function removePlain({ bucket, send }: S3Requests, key: string): Promise<boolean> {
  try {
    const answer = await send(`remove ${key}`, async (client, options) => {
      return await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options);
    });
    return answer.DeleteMarker === true || answer.VersionId !== undefined;
  } catch (error) {
    if (error instanceof Fault && error.kind === "missing") return false;
    throw error;
  }
}

/** Each page is read from the start: what the one before named is gone by then. */
async function removeVersions(requests: S3Requests, key: string): Promise<void> {
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const versionIds = await firstVersions(requests, key);
    if (versionIds.length === 0) return;
    for (const versionId of versionIds) await removeVersion(requests, key, versionId);
  }
  throw new Fault("away", `remove ${key}: versions are left after ${pagesMax} pages of them`);
}

async function firstVersions({ bucket, send }: S3Requests, key: string): Promise<string[]> {
  const input = { Bucket: bucket, Prefix: key, MaxKeys: versionsPerPage };
  const page = await send(`list the versions of ${key}`, async (client, options) => {
    return await client.send(new ListObjectVersionsCommand(input), options);
  });
  // Keys come in order, and every other key with this prefix comes after it.
  return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]
    .filter((version) => version.Key === key)
    .map((version) => version.VersionId ?? "null");
}

async function removeVersion(
  { bucket, send }: S3Requests,
  key: string,
  versionId: string,
): Promise<void> {
  const input = { Bucket: bucket, Key: key, VersionId: versionId };
  try {
    await send(`remove version ${versionId} of ${key}`, async (client, options) => {
      return await client.send(new DeleteObjectCommand(input), options);
    });
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== "missing") throw error;
  }
}
