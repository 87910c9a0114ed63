// What the host manager may be told by environment variables: the one table of them, from which the configuration is read and --help is printed.
import {
  oneOf,
  optional,
  readSettings,
  settingsHelp,
  textLike,
  url,
  wholeNumber,
  type Env,
} from "./settings.ts";
import type { PackerProcessOptions } from "./packer/packer-process.ts";

const anyText = textLike(/^[^\0]+$/, "must be text");

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** `hostname`: the machine's name. */
function settingsTable(hostname: string) {
  return {
    API_ADDRESS: {
      meaning: "the control plane's gRPC address, host:port",
      fallback: "127.0.0.1:50051",
      read: textLike(/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$/, "must be host:port"),
    },
    MANMAN_TOKEN: {
      meaning: "the token that the control plane asks for",
      fallback: "",
      secret: true,
      read: optional(
        textLike(/^[\u0021-\u007e]{1,1024}$/, "must be printable ASCII without blanks"),
      ),
    },
    RABBITMQ_URL: {
      meaning: "the broker, amqp://user:password@host:port/vhost",
      secret: true,
      read: url("amqp", "amqps"),
    },
    S3_BUCKET: {
      meaning: "the bucket that takes the archives",
      read: textLike(/^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$/, "must be the name of a bucket"),
    },
    S3_REGION: { meaning: "the bucket's region", fallback: "us-east-1", read: anyText },
    S3_ENDPOINT: {
      meaning: "the store's address; unset means Amazon's",
      fallback: "",
      read: optional(url("http", "https")),
    },
    S3_ACCESS_KEY: {
      meaning: "the store's access key",
      fallback: "",
      secret: true,
      read: optional(anyText),
    },
    S3_SECRET_KEY: {
      meaning: "the store's secret key",
      fallback: "",
      secret: true,
      read: optional(anyText),
    },
    S3_FORCE_PATH_STYLE: {
      meaning: "whether the bucket stands in the path rather than in the host's name",
      fallback: "false",
      read: oneOf(["true", "false"]),
    },
    SERVER_NAME: {
      meaning: "the name under which this host registers; the same name is the same server",
      fallback: hostname,
      read: textLike(/^[^\0]{1,100}$/u, "must be 1 to 100 characters"),
    },
    ENVIRONMENT: {
      meaning: "part of the name of each game's directory, gsc-{ENVIRONMENT}-{sgc_id}",
      read: textLike(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
        "must be 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
      ),
    },
    HOST_DATA_DIR: {
      meaning: "the directory that holds every game's directory, and our state in .manman",
      fallback: "/data",
      read: textLike(/^\/[^\0]*$/, "must be an absolute path"),
    },
    PACKERS_MAX: {
      meaning: "backups that are made at the same time",
      fallback: "2",
      read: wholeNumber(1, 16),
    },
    PART_SIZE_MIB: {
      meaning: "size of an upload's first parts, in MiB",
      fallback: "8",
      read: wholeNumber(8, 512),
    },
    COMPRESSION_LEVEL: {
      meaning: "gzip level, 1 (fastest) to 9 (smallest)",
      fallback: "6",
      read: wholeNumber(1, 9),
    },
    STALL_SECONDS: {
      meaning: "how long a backup may make no progress before its packer is ended",
      fallback: "1800",
      read: wholeNumber(10, 86_400),
    },
    STOP_GRACE_SECONDS: {
      meaning: "how long a game has to end by itself before it is killed",
      fallback: "30",
      read: wholeNumber(0, 3_600),
    },
    LOG_LEVEL: { meaning: logLevels.join(", "), fallback: "info", read: oneOf(logLevels) },
  } as const;
}

/** What a host manager works with, whoever assembles it. */
export type HostManagerConfig = {
  readonly serverName: string;
  readonly environment: string;
  /** Absolute path. */
  readonly hostDataDir: string;
  readonly packersMax: number;
  readonly stopGraceSeconds: number;
};

/** What a host manager's own process needs beside that. */
export type ProcessConfig = {
  readonly host: HostManagerConfig;
  readonly apiAddress: string;
  readonly token: string | undefined;
  readonly rabbitmqUrl: string;
  readonly packer: PackerProcessOptions;
  readonly logLevel: (typeof logLevels)[number];
};

/** The configuration, or every mistake in it. `readFile` reads the files that `_FILE` variables name. */
export function parseConfig(
  env: Env,
  hostname: string,
  readFile: (path: string) => string,
):
  | { readonly ok: true; readonly config: ProcessConfig }
  | { readonly ok: false; readonly mistakes: readonly string[] } {
  const reading = readSettings(settingsTable(hostname), env, readFile);
  if (!reading.ok) return reading;
  const values = reading.values;
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = values;
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    return { ok: false, mistakes: ["S3_ACCESS_KEY and S3_SECRET_KEY must be set together"] };
  }
  const config: ProcessConfig = {
    host: {
      serverName: values.SERVER_NAME,
      environment: values.ENVIRONMENT,
      hostDataDir: values.HOST_DATA_DIR,
      packersMax: values.PACKERS_MAX,
      stopGraceSeconds: values.STOP_GRACE_SECONDS,
    },
    apiAddress: values.API_ADDRESS,
    token: values.MANMAN_TOKEN,
    rabbitmqUrl: values.RABBITMQ_URL,
    packer: {
      store: {
        kind: "s3",
        bucket: values.S3_BUCKET,
        region: values.S3_REGION,
        endpoint: values.S3_ENDPOINT ?? null,
        credentials:
          accessKey === undefined || secretKey === undefined ? null : { accessKey, secretKey },
        forcePathStyle: values.S3_FORCE_PATH_STYLE === "true",
      },
      partSizeBytes: values.PART_SIZE_MIB * 1024 * 1024,
      compressionLevel: values.COMPRESSION_LEVEL,
      stallMs: values.STALL_SECONDS * 1_000,
    },
    logLevel: values.LOG_LEVEL,
  };
  return { ok: true, config };
}

/** The text of --help. */
export function configHelp(hostname: string): string {
  return `manman host manager: runs the games of one host and backs them up.\n\nEnvironment variables:\n${settingsHelp(settingsTable(hostname))}\n`;
}
