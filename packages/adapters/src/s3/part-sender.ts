// Sends parts of a multipart upload, straight from the memory they are in.
import { UploadPartCommand } from "@aws-sdk/client-s3";
import { Fault, isAway } from "@manman/core/fault.ts";
import type { AbortSignalLike, PartSender } from "@manman/core/ports.ts";
import type { S3Requests } from "./s3-requests.ts";
import { uploadExists } from "./upload-control.ts";

export function s3PartSender(requests: S3Requests): PartSender {
  return {
    sendPart: async (part) => await sendPart(requests, part),
    close: () => requests.close(),
  };
}

type Part = Parameters<PartSender["sendPart"]>[0];

async function sendPart(requests: S3Requests, part: Part): Promise<string> {
  const { bucket, limits } = requests;
  const context = `upload ${part.objectKey} part ${part.number}`;
  const input = {
    Bucket: bucket,
    Key: part.objectKey,
    UploadId: part.uploadId,
    PartNumber: part.number,
    Body: part.bytes,
    ContentLength: part.bytes.byteLength,
  };
  return await whileWanted(part.signal, async (signal) => {
    try {
      const answer = await requests.send(
        context,
        async (client, options) => await client.send(new UploadPartCommand(input), options),
        { withinMs: limits.partMs, triesMax: 1, signal },
      );
      if (answer.ETag === undefined) throw new Fault("corrupt", `${context}: no etag came back`);
      return answer.ETag;
    } catch (error) {
      if (signal.aborted || !isAway(error)) throw error;
      // A store that refuses a part before it has read it all may be heard as a lost connection.
      const { objectKey, uploadId } = part;
      const briefly = { withinMs: limits.checkMs, triesMax: 1, signal };
      const isThere = await uploadExists(requests, objectKey, uploadId, briefly).catch(() => true);
      throw isThere ? error : new Fault("missing", `${context}: there is no such upload`, error);
    }
  });
}

/** Gives the platform's own signal to the work, for as long as it takes. */
async function whileWanted<T>(
  wanted: AbortSignalLike,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  wanted.addEventListener("abort", stop);
  try {
    if (wanted.aborted) stop();
    return await work(controller.signal);
  } finally {
    wanted.removeEventListener("abort", stop);
  }
}
