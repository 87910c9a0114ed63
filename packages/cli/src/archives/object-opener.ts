// Opens objects of buckets for reading, by the same environment variables as control planes and host managers have.
import { readFileSync } from "node:fs";
import { Fault } from "@manman/archive/archive-fault.ts";
import {
  readEnvironment,
  type Environment,
} from "@manman/contract/environment/environment-table.ts";
import {
  storeConfigOf,
  storeContradictions,
  storeVariables,
  type StoreConfig,
} from "@manman/contract/environment/store-variables.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenObject } from "../open-offline.ts";

/** What is needed of a store; the port of the adapters has it. */
export type RangeStore = {
  inspectObject(
    objectKey: string,
  ): Promise<{ readonly sizeBytes: number; readonly etag: string } | null>;
  readRange(range: {
    readonly objectKey: string;
    readonly etag: string;
    readonly offsetBytes: number;
    readonly lengthBytes: number;
    readonly signal: AbortSignal;
  }): Promise<Uint8Array>;
  close(): void;
};

/** `openStore` makes the adapter, which only a main may. */
export function objectOpener(
  env: Environment,
  openStore: (config: StoreConfig) => Promise<RangeStore>,
): OpenObject {
  return async (bucket, key, signal) => {
    const store = await openStore(configOf(env, bucket));
    try {
      const object = await store.inspectObject(key);
      if (object === null) throw new Fault("missing", `there is no s3://${bucket}/${key}`);
      const { sizeBytes, etag } = object;
      return {
        sizeBytes,
        read: async (offset, length) => {
          if (length === 0) return Buffer.alloc(0);
          const range = { objectKey: key, etag, offsetBytes: offset, lengthBytes: length };
          return bufferOf(await store.readRange({ ...range, signal }));
        },
        close: async () => store.close(),
      };
    } catch (error) {
      store.close();
      if (error instanceof Fault && error.kind !== "missing") {
        throw new Fault(error.kind, `s3://${bucket}/${key}`, error);
      }
      throw error;
    }
  };
}

function configOf(env: Environment, bucket: string): StoreConfig {
  const named = { ...env, S3_BUCKET: bucket };
  const read = readEnvironment(storeVariables, named, readText, storeContradictions);
  if (read.mistakes === undefined) return storeConfigOf(read.values);
  throw new CommandFailure("usage", read.mistakes.join("; "));
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
