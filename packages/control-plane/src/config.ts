// The control plane's configuration: the one table of its environment variables, and what they add up to.
import { defaultBackupLimits, type BackupLimits } from "@manman/core/backup/limits.ts";
import type { ControlPlaneConfig } from "./control-plane.ts";
import {
  anyText,
  oneOf,
  readVariables,
  required,
  urlOf,
  wholeNumber,
  type Environment,
  type ValuesOf,
} from "./environment-variables.ts";
import { listenProblem } from "./listen-address.ts";

export const variables = {
  PORT: {
    says: "port of the gRPC server; 0 takes a free one",
    unset: "50051",
    read: wholeNumber(0, 65_535),
  },
  LISTEN_HOST: {
    says: "address that the gRPC server listens on; any but a loopback address needs MANMAN_TOKEN",
    unset: "127.0.0.1",
    read: anyText(),
  },
  MANMAN_TOKEN: {
    says: "token that every caller must send as `authorization: Bearer TOKEN`",
    unset: null,
    isSecret: true,
    read: (token: string) =>
      /^[\u0021-\u007e]{8,200}$/.test(token)
        ? { value: token }
        : { mistake: "must be 8 to 200 printable ASCII characters without blanks" },
  },
  PG_DATABASE_URL: {
    says: "the database, postgres://user:password@host:port/name",
    unset: required,
    isSecret: true,
    read: urlOf("postgres", "postgresql"),
  },
  RABBITMQ_URL: {
    says: "the broker, amqp://user:password@host:port/vhost",
    unset: required,
    isSecret: true,
    read: urlOf("amqp", "amqps"),
  },
  S3_BUCKET: { says: "bucket that holds the archives", unset: required, read: anyText() },
  S3_REGION: { says: "region of the bucket", unset: "us-east-1", read: anyText() },
  S3_ENDPOINT: {
    says: "address of an object store other than Amazon's",
    unset: null,
    read: urlOf("http", "https"),
  },
  S3_ACCESS_KEY: {
    says: "access key id; without it the platform's own credentials are used",
    unset: null,
    isSecret: true,
    read: anyText(),
  },
  S3_SECRET_KEY: {
    says: "the access key's secret",
    unset: null,
    isSecret: true,
    read: anyText(),
  },
  S3_FORCE_PATH_STYLE: {
    says: "whether the bucket stands in the path instead of the host name",
    unset: "false",
    read: oneOf(["true", "false"]),
  },
  HEARTBEAT_SECONDS: {
    says: "how often hosts say that they are alive",
    unset: "10",
    read: wholeNumber(1, 3_600),
  },
  LEASE_SECONDS: {
    says: "how long a host may stay silent before its attempts are taken over; at least two heartbeats",
    unset: String(defaultBackupLimits.leaseMs / 1_000),
    read: wholeNumber(2, 86_400),
  },
  ATTEMPTS_MAX: {
    says: "attempts before a backup fails for good",
    unset: String(defaultBackupLimits.attemptsMax),
    read: wholeNumber(1, 1_000),
  },
  DISPATCH_DEADLINE_HOURS: {
    says: "how long a backup waits for its host before it fails",
    unset: String(defaultBackupLimits.dispatchDeadlineMs / 3_600_000),
    read: wholeNumber(1, 8_760),
  },
  REDISPATCH_SECONDS: {
    says: "after how long the command of an unclaimed backup is sent again; each time twice as long",
    unset: String(defaultBackupLimits.redispatchMs / 1_000),
    read: wholeNumber(1, 3_600),
  },
  LOG_LEVEL: {
    says: "the least level that is logged",
    unset: "info",
    read: oneOf(["debug", "info", "warn", "error"]),
  },
} as const;

type Values = ValuesOf<typeof variables>;

/** What the process is told. */
export type ProcessConfig = {
  readonly controlPlane: ControlPlaneConfig;
  readonly databaseUrl: string;
  readonly brokerUrl: string;
  readonly store: StoreConfig;
  readonly logLevel: "debug" | "info" | "warn" | "error";
};

export type StoreConfig = {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | null;
  /** Null: the platform's own. */
  readonly credentials: { readonly accessKey: string; readonly secretKey: string } | null;
  readonly forcePathStyle: boolean;
};

/** The configuration, or every mistake in it, one line each. */
export function readConfig(
  environment: Environment,
): { readonly config: ProcessConfig } | { readonly mistakes: readonly string[] } {
  const { values, mistakes } = readVariables(variables, environment);
  const all = [...mistakes, ...contradictions(values)];
  // Without a mistake, every value is there.
  return all.length > 0 ? { mistakes: all } : { config: configOf(values as Values) };
}

/** What is wrong between values that are each right by themselves. */
function contradictions(values: Partial<Values>): readonly string[] {
  const { LISTEN_HOST, MANMAN_TOKEN, LEASE_SECONDS, HEARTBEAT_SECONDS } = values;
  const { S3_ACCESS_KEY, S3_SECRET_KEY } = values;
  const mistakes: string[] = [];
  if (LISTEN_HOST !== undefined && MANMAN_TOKEN !== undefined) {
    const problem = listenProblem(LISTEN_HOST, MANMAN_TOKEN);
    if (problem !== null) mistakes.push(`LISTEN_HOST: ${problem}`);
  }
  if (LEASE_SECONDS !== undefined && HEARTBEAT_SECONDS !== undefined) {
    const leastSeconds = 2 * HEARTBEAT_SECONDS;
    if (LEASE_SECONDS < leastSeconds) {
      mistakes.push(
        `LEASE_SECONDS: must be at least two heartbeats, ${leastSeconds}, not "${LEASE_SECONDS}"`,
      );
    }
  }
  if ((S3_ACCESS_KEY === null) !== (S3_SECRET_KEY === null)) {
    const missing = S3_ACCESS_KEY === null ? "S3_ACCESS_KEY" : "S3_SECRET_KEY";
    mistakes.push(`${missing}: must be set together with the other half of the key`);
  }
  return mistakes;
}

function configOf(values: Values): ProcessConfig {
  const limits: BackupLimits = {
    ...defaultBackupLimits,
    leaseMs: values.LEASE_SECONDS * 1_000,
    attemptsMax: values.ATTEMPTS_MAX,
    dispatchDeadlineMs: values.DISPATCH_DEADLINE_HOURS * 3_600_000,
    redispatchMs: values.REDISPATCH_SECONDS * 1_000,
  };
  return {
    controlPlane: {
      listenHost: values.LISTEN_HOST,
      port: values.PORT,
      token: values.MANMAN_TOKEN,
      heartbeatMs: values.HEARTBEAT_SECONDS * 1_000,
      limits,
    },
    databaseUrl: values.PG_DATABASE_URL,
    brokerUrl: values.RABBITMQ_URL,
    store: {
      bucket: values.S3_BUCKET,
      region: values.S3_REGION,
      endpoint: values.S3_ENDPOINT,
      credentials:
        values.S3_ACCESS_KEY === null || values.S3_SECRET_KEY === null
          ? null
          : { accessKey: values.S3_ACCESS_KEY, secretKey: values.S3_SECRET_KEY },
      forcePathStyle: values.S3_FORCE_PATH_STYLE === "true",
    },
    logLevel: values.LOG_LEVEL,
  };
}
