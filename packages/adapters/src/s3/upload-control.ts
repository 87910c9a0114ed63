// Opens, completes, aborts and lists multipart uploads, and removes what they became.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from "@aws-sdk/client-s3";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { Fault, isAway } from "@manman/core/fault.ts";
import type { OpenUpload, StoredObject, UploadControl } from "@manman/core/ports.ts";
import { removeEverything } from "./object-removal.ts";
import type { RequestOptions, S3Requests } from "./s3-requests.ts";
import { s3SmallObjects } from "./small-objects.ts";

const uploadsListedMax = 1_000;
const abortsMax = 3;

export function s3UploadControl(requests: S3Requests): UploadControl {
  return {
    openUpload: async (key) => await openUpload(requests, key),
    completeUpload: async (key, uploadId, parts) => {
      await completeUpload(requests, key, uploadId, parts);
    },
    abortUpload: async (key, uploadId) => await abortUpload(requests, key, uploadId),
    listUploads: async (key) => await listUploads(requests, key),
    inspectObject: async (key) => await inspectObject(requests, key),
    removeObject: async (key) => await removeEverything(requests, key),
    ...s3SmallObjects(requests, async () => await checkBucket(requests)),
    urlOf: (key) => `s3://${requests.bucket}/${key}`,
    check: async () => await checkBucket(requests),
    close: () => requests.close(),
  };
}

/**
 * Whether the upload can still take parts. Tells an upload that is gone from a store that is ill, which some stores answer alike
 * when they are asked to complete one.
 */
export async function uploadExists(
  { bucket, send }: S3Requests,
  key: string,
  uploadId: string,
  options: RequestOptions = {},
): Promise<boolean> {
  const input = { Bucket: bucket, Key: key, UploadId: uploadId, MaxParts: 1 };
  const context = `look for upload ${uploadId} of ${key}`;
  try {
    await send(
      context,
      async (client, sendOptions) => await client.send(new ListPartsCommand(input), sendOptions),
      options,
    );
    return true;
  } catch (error) {
    if (error instanceof Fault && error.kind === "missing") return false;
    throw error;
  }
}

async function openUpload({ bucket, send }: S3Requests, key: string): Promise<string> {
  const context = `open an upload of ${key}`;
  const answer = await send(context, async (client, options) => {
    return await client.send(
      new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }),
      options,
    );
  });
  if (answer.UploadId === undefined) throw new Fault("corrupt", `${context}: no id came back`);
  return answer.UploadId;
}

async function completeUpload(
  requests: S3Requests,
  key: string,
  uploadId: string,
  parts: readonly StoredPart[],
): Promise<void> {
  const context = `complete upload ${uploadId} of ${key}`;
  // Not every store minds the order.
  const misplaced = parts.find(({ number }, place) => number <= (parts[place - 1]?.number ?? 0));
  if (misplaced !== undefined) {
    throw new Fault("rejected", `${context}: part ${misplaced.number} is out of order`);
  }
  const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
  const input = {
    Bucket: requests.bucket,
    Key: key,
    UploadId: uploadId,
    MultipartUpload: { Parts },
  };
  try {
    await requests.send(
      context,
      async (client, options) => {
        return await client.send(new CompleteMultipartUploadCommand(input), options);
      },
      // Repeating is up to the caller: the store may still be busy with this one.
      { withinMs: requests.limits.completeMs, triesMax: 1 },
    );
  } catch (error) {
    if (!isAway(error)) throw error;
    const isThere = await uploadExists(requests, key, uploadId).catch(() => true);
    throw isThere ? error : new Fault("missing", `${context}: there is no such upload`, error);
  }
}

/** A part on its way when its upload is aborted may outlive that in the store, so the abort is repeated until nothing is left. */
async function abortUpload(requests: S3Requests, key: string, uploadId: string): Promise<void> {
  const context = `abort upload ${uploadId} of ${key}`;
  const input = { Bucket: requests.bucket, Key: key, UploadId: uploadId };
  for (let aborts = 0; aborts < abortsMax; aborts += 1) {
    try {
      await requests.send(context, async (client, options) => {
        return await client.send(new AbortMultipartUploadCommand(input), options);
      });
    } catch (error) {
      if (error instanceof Fault && error.kind === "missing") return;
      throw error;
    }
    if (!(await uploadExists(requests, key, uploadId))) return;
  }
  throw new Fault("away", `${context}: it still has parts after ${abortsMax} aborts`);
}

async function listUploads({ bucket, send }: S3Requests, key: string): Promise<OpenUpload[]> {
  const found: OpenUpload[] = [];
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const input = { Bucket: bucket, Prefix: key, MaxUploads: uploadsListedMax, ...marker };
    const page = await send(`list the uploads of ${key}`, async (client, options) => {
      return await client.send(new ListMultipartUploadsCommand(input), options);
    });
    const uploads = page.Uploads ?? [];
    for (const { Key, UploadId, Initiated } of uploads) {
      if (Key !== key || UploadId === undefined) continue;
      found.push({ uploadId: UploadId, initiatedAtMs: Initiated?.getTime() ?? 0 });
      if (found.length === uploadsListedMax) return found;
    }
    // Keys come in order, and every other key with this prefix comes after it.
    const isLast = page.IsTruncated !== true || uploads.some(({ Key }) => Key !== key);
    if (isLast || page.NextKeyMarker === undefined) return found;
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    marker = UploadIdMarker === undefined ? { KeyMarker } : { KeyMarker, UploadIdMarker };
  }
}

/** Null where there is no such object. */
export async function inspectObject(
  requests: S3Requests,
  key: string,
): Promise<StoredObject | null> {
  const context = `inspect ${key}`;
  try {
    const answer = await requests.send(context, async (client, options) => {
      return await client.send(
        new HeadObjectCommand({ Bucket: requests.bucket, Key: key }),
        options,
      );
    });
    if (answer.ContentLength === undefined || answer.ETag === undefined) {
      throw new Fault("corrupt", `${context}: no size or etag came back`);
    }
    return { sizeBytes: answer.ContentLength, etag: answer.ETag };
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== "missing") throw error;
    // The answer has no body to say what is missing, and a bucket that is gone must not pass for an object that is.
    await checkBucket(requests);
    return null;
  }
}

async function checkBucket({ bucket, limits, send }: S3Requests): Promise<void> {
  const context = `look for bucket ${bucket}`;
  try {
    await send(
      context,
      async (client, options) => {
        return await client.send(new HeadBucketCommand({ Bucket: bucket }), options);
      },
      { withinMs: limits.checkMs, triesMax: 1 },
    );
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== "missing") throw error;
    throw new Fault("rejected", `${context}: there is no such bucket; make it first`, error);
  }
}
