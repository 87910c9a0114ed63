// Makes the one client that everything here talks to the store with, its waits and its sockets bounded.
import { S3Client } from "@aws-sdk/client-s3";
import type { StoreConfig } from "@manman/contract/environment/store-variables.ts";

/** The bounds of every wait on the store. */
export type S3Limits = {
  readonly connectMs: number;
  /** A connection on which nothing moves for so long has failed. */
  readonly idleMs: number;
  /** A whole request, the wait for a free socket included. */
  readonly requestMs: number;
  /** The completion of an upload of thousands of parts, which stores may take minutes for. */
  readonly completeMs: number;
  /** One part, on a slow line. */
  readonly partMs: number;
  /** The answer to the question whether the store is there. */
  readonly checkMs: number;
  /** Tries of a request while the store is away, the first included. */
  readonly triesMax: number;
  readonly backoff: { readonly firstMs: number; readonly mostMs: number };
  /** Connections at a time; further requests wait in line. */
  readonly socketsMax: number;
  /** A connection that nobody has needed for so long is closed: a burst leaves no more behind than the work after it uses. */
  readonly unusedMs: number;
};

export const defaultS3Limits: S3Limits = {
  connectMs: 5_000,
  idleMs: 30_000,
  requestMs: 60_000,
  completeMs: 300_000,
  partMs: 900_000,
  checkMs: 5_000,
  triesMax: 3,
  backoff: { firstMs: 250, mostMs: 10_000 },
  socketsMax: 50,
  unusedMs: 10_000,
};

export function openS3Client(config: StoreConfig, limits: S3Limits): S3Client {
  // The agent's timeout ends connections that lie idle; on those in use, the request's own comes in its place.
  const agent = {
    keepAlive: true,
    maxSockets: limits.socketsMax,
    timeout: limits.unusedMs,
  };
  return new S3Client({
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    ...(config.endpoint === null ? {} : { endpoint: config.endpoint }),
    ...(config.credentials === null
      ? {}
      : {
          credentials: {
            accessKeyId: config.credentials.accessKey,
            secretAccessKey: config.credentials.secretKey,
          },
        }),
    // Many gateways refuse the checksums that the SDK adds by itself.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // The SDK opens a new connection, beside the bound, for every request with this header.
    expectContinueHeader: false,
    // Tries are counted here, where a fault's kind is known and a part's signal is heard.
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.idleMs,
      requestTimeout: limits.requestMs,
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  });
}
