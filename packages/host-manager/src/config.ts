// What the host manager may be told by environment variables: the one table of them, from which the configuration is read and --help is printed.
import { readToken } from "@manman/contract/environment/token-variable.ts";
import { brokerVariables } from "@manman/contract/environment/broker-variables.ts";
import {
  environmentHelp,
  readEnvironment,
  required,
  type Environment,
  type ReadFile,
} from "@manman/contract/environment/environment-table.ts";
import {
  storeConfigOf,
  storeContradictions,
  storeVariables,
} from "@manman/contract/environment/store-variables.ts";
import { oneOf, textLike, wholeNumber } from "@manman/contract/environment/variable-texts.ts";
import type { PackerProcessOptions } from "./packer/packer-process.ts";
import { stateDirOf } from "./state-dir.ts";

const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** `hostname`: the machine's name. */
function variables(hostname: string) {
  return {
    API_ADDRESS: {
      says: "the control plane's gRPC address, host:port",
      unset: "127.0.0.1:50051",
      read: textLike(/^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}$/, "must be host:port"),
    },
    MANMAN_TOKEN: {
      says: "the token that the control plane asks for",
      unset: null,
      isSecret: true,
      read: readToken,
    },
    ...brokerVariables,
    ...storeVariables,
    SERVER_NAME: {
      says: "the name under which this host registers; the same name is the same server",
      unset: hostname,
      read: textLike(/^[^\0]{1,100}$/u, "must be 1 to 100 characters"),
    },
    ENVIRONMENT: {
      says: "part of the name of each game's directory, gsc-{ENVIRONMENT}-{sgc_id}",
      unset: required,
      read: textLike(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
        "must be 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
      ),
    },
    HOST_DATA_DIR: {
      says: "the directory that holds every game's directory, and our state in .manman",
      unset: "/data",
      read: textLike(/^\/[^\0]*$/, "must be an absolute path"),
    },
    PACKERS_MAX: {
      says: "backups that are made at the same time",
      unset: "2",
      read: wholeNumber(1, 16),
    },
    PART_SIZE_MIB: {
      says: "size of an upload's first parts, in MiB",
      unset: "8",
      read: wholeNumber(8, 512),
    },
    COMPRESSION_LEVEL: {
      says: "gzip level, 1 (fastest) to 9 (smallest)",
      unset: "6",
      read: wholeNumber(1, 9),
    },
    PACK_WORKERS: {
      says: "threads of one backup that compress; 0: one for each core, at most 8",
      unset: "0",
      read: wholeNumber(0, 64),
    },
    PACK_READ_MIB_PER_SECOND: {
      says: "what one backup reads in a second on average, in MiB, so that games keep their disk; 0: as fast as it goes",
      unset: "0",
      read: wholeNumber(0, 1_000_000),
    },
    STALL_SECONDS: {
      says: "how long a backup may make no progress before its packer is ended; so long it waits for a store that is away",
      unset: "1800",
      read: wholeNumber(10, 86_400),
    },
    STOP_GRACE_SECONDS: {
      says: "how long a game has to end by itself before it is killed",
      unset: "30",
      read: wholeNumber(0, 3_600),
    },
    LOG_LEVEL: { says: logLevels.join(", "), unset: "info", read: oneOf(logLevels) },
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
  /** Null: the control plane asks for none. */
  readonly token: string | null;
  readonly brokerUrl: string;
  readonly packer: PackerProcessOptions;
  readonly logLevel: (typeof logLevels)[number];
};

/** The configuration, or every mistake in it, one line each. `hostname`: the machine's name. */
export function readConfig(
  environment: Environment,
  hostname: string,
  readFile: ReadFile,
):
  | { readonly config: ProcessConfig; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[] } {
  const read = readEnvironment(variables(hostname), environment, readFile, storeContradictions);
  if (read.mistakes !== undefined) return read;
  const { values } = read;
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
    brokerUrl: values.RABBITMQ_URL,
    packer: {
      store: { kind: "s3", ...storeConfigOf(values) },
      partSizeBytes: values.PART_SIZE_MIB * 1024 * 1024,
      compressionLevel: values.COMPRESSION_LEVEL,
      workers: values.PACK_WORKERS || null,
      readBytesPerSecondMax: values.PACK_READ_MIB_PER_SECOND * 1024 * 1024 || null,
      compileCacheDir: stateDirOf(values.HOST_DATA_DIR).compileCache,
      stallMs: values.STALL_SECONDS * 1_000,
    },
    logLevel: values.LOG_LEVEL,
  };
  return { config };
}

/** The text of --help. */
export function configHelp(hostname: string): string {
  return `manman host manager: runs the games of one host and backs them up.\n\nEnvironment variables:\n${environmentHelp(variables(hostname))}\n`;
}
