// Stores parts of a multipart upload: sent straight from the memory they are in, or copied inside the store.
import { UploadPartCommand, UploadPartCopyCommand, type S3Client } from "@aws-sdk/client-s3";
import { Fault, isAway } from "@manman/core/fault.ts";
import { rangeProblem } from "@manman/core/object-range.ts";
import { copiedPartBytesMax, type ObjectRange, type PartSender } from "@manman/core/ports.ts";
import type { S3Requests, SendOptions } from "./s3-requests.ts";
import { inspectObject, uploadExists } from "./upload-control.ts";
import { whileWanted } from "./while-wanted.ts";

export function s3PartSender(requests: S3Requests): PartSender {
  return {
    sendPart: async (part) =>
      await storePart(requests, part, async (client, target, options) => {
        const input = { ...target, Body: part.bytes, ContentLength: part.bytes.byteLength };
        return (await client.send(new UploadPartCommand(input), options)).ETag;
      }),
    copyPart: async (part) => {
      const context = contextOf(part);
      const problem = rangeProblem(part.from, copiedPartBytesMax);
      if (problem !== null) throw new Fault("rejected", `${context}: ${problem}`);
      const etag = await storePart(requests, part, async (client, target, options) => {
        const input = { ...target, ...copySource(requests.bucket, part.from) };
        return (await client.send(new UploadPartCopyCommand(input), options)).CopyPartResult?.ETag;
      });
      await assertSame(requests, part.from, context);
      return etag;
    },
    close: () => requests.close(),
  };
}

/** Which part of which upload. */
type Place = Omit<Parameters<PartSender["sendPart"]>[0], "bytes" | "offsetBytes">;

type Target = {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
  readonly PartNumber: number;
};

type StorePart = (
  client: S3Client,
  target: Target,
  options: SendOptions,
) => Promise<string | undefined>;

async function storePart(requests: S3Requests, place: Place, store: StorePart): Promise<string> {
  const { bucket, limits } = requests;
  const { objectKey, uploadId, number } = place;
  const context = contextOf(place);
  const target = { Bucket: bucket, Key: objectKey, UploadId: uploadId, PartNumber: number };
  return await whileWanted(place.signal, async (signal) => {
    try {
      const etag = await requests.send(
        context,
        async (client, options) => await store(client, target, options),
        { withinMs: limits.partMs, triesMax: 1, signal },
      );
      if (etag === undefined) throw new Fault("corrupt", `${context}: no etag came back`);
      return etag;
    } catch (error) {
      if (signal.aborted || !isAway(error)) throw error;
      // A store that refuses a part before it has read it all may be heard as a lost connection.
      const briefly = { withinMs: limits.checkMs, triesMax: 1, signal };
      const isThere = await uploadExists(requests, objectKey, uploadId, briefly).catch(() => true);
      throw isThere ? error : new Fault("missing", `${context}: there is no such upload`, error);
    }
  });
}

/** In the header, every byte of the key that means something in an address is encoded, its slashes are not. */
function copySource(bucket: string, { objectKey, etag, offsetBytes, lengthBytes }: ObjectRange) {
  return {
    CopySource: `${bucket}/${objectKey.split("/").map(encodeURIComponent).join("/")}`,
    CopySourceIfMatch: etag,
    CopySourceRange: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}`,
  };
}

/** Not every store minds the condition of a copy. One that finds the right object behind it has copied from that one. */
async function assertSame(
  requests: S3Requests,
  { objectKey, etag }: ObjectRange,
  context: string,
): Promise<void> {
  const found = await inspectObject(requests, objectKey);
  if (found?.etag === etag) return;
  if (found === null) throw new Fault("missing", `${context}: there is no ${objectKey}`);
  throw new Fault("rejected", `${context}: ${objectKey} is another object by now`);
}

function contextOf({ objectKey, number }: Place): string {
  return `upload ${objectKey} part ${number}`;
}
