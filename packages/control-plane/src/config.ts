// The control plane's configuration: the one table of its environment variables, and what they add up to.
import { brokerVariables } from "@manman/contract/environment/broker-variables.ts";
import {
  readEnvironment,
  required,
  type Environment,
  type ReadFile,
  type ValuesOf,
} from "@manman/contract/environment/environment-table.ts";
import {
  storeConfigOf,
  storeContradictions,
  storeVariables,
  type StoreConfig,
} from "@manman/contract/environment/store-variables.ts";
import { readToken } from "@manman/contract/environment/token-variable.ts";
import {
  anyText,
  oneOf,
  textLike,
  urlOf,
  wholeNumber,
} from "@manman/contract/environment/variable-texts.ts";
import { defaultBackupLimits, type BackupLimits } from "@manman/core/backup/limits.ts";
import { defaultSurveyLimits } from "@manman/core/bucket-survey.ts";
import type { ControlPlaneConfig } from "./control-plane.ts";
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
    read: anyText,
  },
  MANMAN_TOKEN: {
    says: "token that every caller must send as `authorization: Bearer TOKEN`",
    unset: null,
    isSecret: true,
    read: readToken,
  },
  PG_DATABASE_URL: {
    says: "the database, postgres://user:password@host:port/name",
    unset: required,
    isSecret: true,
    read: urlOf("postgres", "postgresql"),
  },
  ...brokerVariables,
  ...storeVariables,
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
  SURVEY_HOURS: {
    says: "how often the bucket is compared with the records, to report what nobody knows or is missing; 0: only when asked for",
    unset: String(Number(defaultSurveyLimits.everyMs) / 3_600_000),
    read: wholeNumber(0, 8_760),
  },
  ADOPT_BUCKET: {
    says: "the installation whose bucket is to become this one's, as the refusal of the bucket names it",
    unset: null,
    read: textLike(/^[\u0021-\u007e]{1,100}$/, "must be an installation's id"),
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

/** The configuration, or every mistake in it, one line each. */
export function readConfig(
  environment: Environment,
  readFile: ReadFile,
):
  | { readonly config: ProcessConfig; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[] } {
  const read = readEnvironment(variables, environment, readFile, contradictions);
  return read.mistakes === undefined ? { config: configOf(read.values) } : read;
}

/** What is wrong between values that are each right by themselves. */
function contradictions(values: Partial<Values>): readonly string[] {
  const { LISTEN_HOST, MANMAN_TOKEN, LEASE_SECONDS, HEARTBEAT_SECONDS } = values;
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
  return [...mistakes, ...storeContradictions(values)];
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
      survey: {
        ...defaultSurveyLimits,
        everyMs: values.SURVEY_HOURS === 0 ? null : values.SURVEY_HOURS * 3_600_000,
      },
      adoptBucket: values.ADOPT_BUCKET,
    },
    databaseUrl: values.PG_DATABASE_URL,
    brokerUrl: values.RABBITMQ_URL,
    store: storeConfigOf(values),
    logLevel: values.LOG_LEVEL,
  };
}
