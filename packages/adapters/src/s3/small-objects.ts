// Reads and writes the few small objects that the control plane keeps in the bucket about itself.
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { Fault } from "@manman/core/fault.ts";
import { smallObjectBytesMax, type UploadControl } from "@manman/core/ports.ts";
import type { S3Requests } from "./s3-requests.ts";

type SmallObjects = Pick<
  UploadControl,
  "readSmallObject" | "createSmallObject" | "replaceSmallObject"
>;

/** `check` throws where the bucket itself is not there. */
export function s3SmallObjects(requests: S3Requests, check: () => Promise<void>): SmallObjects {
  return {
    readSmallObject: async (key) => {
      const bytes = await read(requests, key);
      // A bucket that is gone must not pass for an object that is.
      if (bytes === null) await check();
      return bytes;
    },
    createSmallObject: async (key, bytes) => {
      if ((await read(requests, key)) !== null) return;
      await create(requests, key, bytes);
    },
    replaceSmallObject: async (key, bytes) => await put(requests, key, bytes, {}),
  };
}

async function read({ bucket, send }: S3Requests, key: string): Promise<Uint8Array | null> {
  const context = `read ${key}`;
  try {
    return await send(context, async (client, options) => {
      const input = { Bucket: bucket, Key: key };
      const { Body, ContentLength } = await client.send(new GetObjectCommand(input), options);
      if (Body === undefined || ContentLength === undefined) {
        throw new Fault("corrupt", `${context}: no bytes came back`);
      }
      if (ContentLength <= smallObjectBytesMax) return await Body.transformToByteArray();
      if ("destroy" in Body) Body.destroy();
      throw new Fault("rejected", `${context}: it has ${ContentLength} bytes, too many for it`);
    });
  } catch (error) {
    if (error instanceof Fault && error.kind === "missing") return null;
    throw error;
  }
}

/** A store that has the object by now answers 412; one that knows no such condition ignores it, or refuses it. */
async function create(requests: S3Requests, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await put(requests, key, bytes, { IfNoneMatch: "*" });
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== "rejected") throw error;
    if ((await read(requests, key)) === null) await put(requests, key, bytes, {});
  }
}

async function put(
  { bucket, send }: S3Requests,
  key: string,
  bytes: Uint8Array,
  condition: { readonly IfNoneMatch?: "*" },
): Promise<void> {
  const input = {
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ContentType: "application/json",
    ...condition,
  };
  await send(`write ${key}`, async (client, options) => {
    await client.send(new PutObjectCommand(input), options);
  });
}
