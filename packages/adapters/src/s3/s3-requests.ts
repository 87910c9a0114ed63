// Sends one request to the store: bounded in time, tried again while the store is away, its errors made faults.
import type { S3Client } from "@aws-sdk/client-s3";
import type { StoreConfig } from "@manman/contract/environment/store-variables.ts";
import { retryAway } from "./retry-away.ts";
import { openS3Client, type S3Limits } from "./s3-client.ts";
import { s3Fault } from "./s3-fault.ts";

export type RequestOptions = {
  /** The bound of the whole request; `requestMs` of the limits by default. */
  readonly withinMs?: number;
  /** `triesMax` of the limits by default. */
  readonly triesMax?: number;
  /** Ends the request, and the waiting between two tries, at once. */
  readonly signal?: AbortSignal;
};

export type S3Requests = {
  readonly bucket: string;
  readonly limits: S3Limits;
  /** Answers what the store did; `context` names the request in a fault. */
  readonly send: <T>(
    context: string,
    request: (client: S3Client, options: SendOptions) => Promise<T>,
    options?: RequestOptions,
  ) => Promise<T>;
  readonly close: () => void;
};

export type SendOptions = { requestTimeout: number; abortSignal?: AbortSignal };

export function openS3Requests(
  config: StoreConfig,
  random: () => number,
  limits: S3Limits,
): S3Requests {
  const client = openS3Client(config, limits);
  return {
    bucket: config.bucket,
    limits,
    send: async (context, request, options = {}) => {
      const { signal } = options;
      const sendOptions: SendOptions = {
        requestTimeout: options.withinMs ?? limits.requestMs,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      };
      const triesMax = options.triesMax ?? limits.triesMax;
      const retry = { triesMax, backoff: limits.backoff, random };
      return await retryAway(signal === undefined ? retry : { ...retry, signal }, async () => {
        try {
          return await request(client, sendOptions);
        } catch (error) {
          throw s3Fault(context, error);
        }
      });
    },
    close: () => client.destroy(),
  };
}
