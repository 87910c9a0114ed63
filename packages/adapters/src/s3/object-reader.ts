// Reads ranges of finished objects, each no longer than it was asked for, whatever the store answers.
import { GetObjectCommand, type GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { Fault } from "@manman/core/fault.ts";
import { rangeProblem } from "@manman/core/object-range.ts";
import { objectReadBytesMax, type ObjectReader } from "@manman/core/ports.ts";
import type { S3Requests } from "./s3-requests.ts";
import { whileWanted } from "./while-wanted.ts";

export function s3RangeReader(requests: S3Requests): Pick<ObjectReader, "readRange"> {
  return {
    readRange: async (range) => {
      const context = `read ${range.objectKey} from byte ${range.offsetBytes}`;
      const problem = rangeProblem(range, objectReadBytesMax);
      if (problem !== null) throw new Fault("rejected", `${context}: ${problem}`);
      return await whileWanted(
        range.signal,
        async (signal) => await readRange(requests, range, context, signal),
      );
    },
  };
}

type Range = Parameters<ObjectReader["readRange"]>[0];

async function readRange(
  { bucket, limits, send }: S3Requests,
  { objectKey, etag, offsetBytes, lengthBytes }: Range,
  context: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const input = {
    Bucket: bucket,
    Key: objectKey,
    IfMatch: etag,
    Range: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}`,
  };
  const request = { withinMs: limits.partMs, signal };
  return await send(
    context,
    async (client, options) => {
      // The bound of a request ends with the answer's head; this one holds for its body as well.
      const abortSignal = AbortSignal.any([signal, AbortSignal.timeout(limits.partMs)]);
      const answer = await client.send(new GetObjectCommand(input), { ...options, abortSignal });
      const { Body } = answer;
      if (Body === undefined) throw new Fault("corrupt", `${context}: no bytes came back`);
      const wrong = answerProblem(answer, offsetBytes, lengthBytes);
      if (wrong !== null) {
        if ("destroy" in Body) Body.destroy();
        throw wrong(context);
      }
      const bytes = await Body.transformToByteArray();
      if (bytes.byteLength === lengthBytes) return bytes;
      throw new Fault("away", `${context}: ${bytes.byteLength} bytes of ${lengthBytes} came back`);
    },
    request,
  );
}

/** A store that does not know ranges sends the whole object, and one whose object ends early sends less. */
function answerProblem(
  { ContentLength, ContentRange }: GetObjectCommandOutput,
  offsetBytes: number,
  lengthBytes: number,
): ((context: string) => Fault) | null {
  const begins = `bytes ${offsetBytes}-`;
  if (ContentRange?.startsWith(begins) !== true || ContentLength === undefined) {
    return (context) => new Fault("corrupt", `${context}: another range came back`);
  }
  if (ContentLength > lengthBytes) {
    return (context) => new Fault("corrupt", `${context}: more came back than was asked for`);
  }
  if (ContentLength === lengthBytes) return null;
  return (context) =>
    new Fault("rejected", `${context}: it ends before byte ${offsetBytes + lengthBytes}`);
}
