// Lists what lies in the bucket, page by page.
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { Fault } from "@manman/core/fault.ts";
import type { BucketListing } from "@manman/core/ports.ts";
import type { S3Requests } from "./s3-requests.ts";

export function s3BucketListing(requests: S3Requests): BucketListing {
  return {
    listObjects: async (prefix, afterKey, limit) =>
      await listObjects(requests, prefix, afterKey, limit),
    listOpenUploads: async (prefix, after, limit) =>
      await listOpenUploads(requests, prefix, after, limit),
  };
}

async function listObjects(
  { bucket, send }: S3Requests,
  prefix: string,
  afterKey: string | null,
  limit: number,
): ReturnType<BucketListing["listObjects"]> {
  const context = `list the objects after ${afterKey ?? prefix}`;
  // XML cannot carry all that a key may hold.
  const input = { Bucket: bucket, Prefix: prefix, MaxKeys: limit, EncodingType: "url" } as const;
  const start = afterKey === null ? {} : { StartAfter: afterKey };
  const page = await send(context, async (client, options) => {
    return await client.send(new ListObjectsV2Command({ ...input, ...start }), options);
  });
  const objects = (page.Contents ?? []).map(({ Key, Size, LastModified }) => {
    if (Key === undefined || Size === undefined || LastModified === undefined) {
      throw new Fault("corrupt", `${context}: an object came back without key, size or time`);
    }
    const objectKey = page.EncodingType === "url" ? decoded(Key, context) : Key;
    return { objectKey, sizeBytes: Size, modifiedAtMs: LastModified.getTime() };
  });
  const isLast = page.IsTruncated !== true;
  if (!isLast && objects.length === 0) {
    throw new Fault("corrupt", `${context}: an empty page that says there are more`);
  }
  return { objects, isLast };
}

async function listOpenUploads(
  { bucket, send }: S3Requests,
  prefix: string,
  after: { readonly objectKey: string; readonly uploadId: string } | null,
  limit: number,
): ReturnType<BucketListing["listOpenUploads"]> {
  const context = `list the open uploads after ${after?.objectKey ?? prefix}`;
  // Not asked to encode keys: Ceph's gateway does it then and does not say so, as others do who have not.
  const input = { Bucket: bucket, Prefix: prefix, MaxUploads: limit };
  const start =
    after === null ? {} : { KeyMarker: after.objectKey, UploadIdMarker: after.uploadId };
  const page = await send(context, async (client, options) => {
    return await client.send(new ListMultipartUploadsCommand({ ...input, ...start }), options);
  });
  const uploads = (page.Uploads ?? []).map(({ Key, UploadId, Initiated }) => {
    if (Key === undefined || UploadId === undefined || Initiated === undefined) {
      throw new Fault("corrupt", `${context}: an upload came back without key, id or time`);
    }
    return { objectKey: Key, uploadId: UploadId, initiatedAtMs: Initiated.getTime() };
  });
  if (page.IsTruncated !== true) return { uploads, next: null };
  const { NextKeyMarker, NextUploadIdMarker = "" } = page;
  if (NextKeyMarker === undefined) {
    throw new Fault("corrupt", `${context}: there are more, and nothing says where`);
  }
  return { uploads, next: { objectKey: NextKeyMarker, uploadId: NextUploadIdMarker } };
}

/** S3 writes a blank as a plus sign and a plus sign as %2B; other stores write %20. */
function decoded(key: string, context: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", "%20"));
  } catch (error) {
    throw new Fault("corrupt", `${context}: ${key} is not the text of a key`, error);
  }
}
