// The configuration: what it is by default, and that every mistake is told at once.
import {
  environmentHelp,
  type Environment,
} from "@manman/contract/environment/environment-table.ts";
import { expect, test } from "vitest";
import { readConfig, variables } from "./config.ts";

const least = {
  PG_DATABASE_URL: "postgres://manman@127.0.0.1:5432/manman",
  RABBITMQ_URL: "amqp://127.0.0.1:5672",
  S3_BUCKET: "backups",
};

function read(environment: Environment) {
  return readConfig(environment, (path) => {
    throw new Error(`no ${path}`);
  });
}

test("three variables are enough, and the server then listens on loopback only", () => {
  expect(read(least)).toEqual({
    config: {
      controlPlane: {
        listenHost: "127.0.0.1",
        port: 50_051,
        token: null,
        adoptBucket: null,
        survey: {
          everyMs: 86_400_000,
          startDelayMs: 300_000,
          graceMs: 3_600_000,
          pageEveryMs: 250,
          turnHoldMs: 120_000,
        },
        heartbeatMs: 10_000,
        limits: {
          leaseMs: 60_000,
          attemptsMax: 5,
          dispatchDeadlineMs: 86_400_000,
          redispatchMs: 30_000,
          attemptBackoff: { firstMs: 2_000, mostMs: 300_000 },
          reconcileBackoff: { firstMs: 1_000, mostMs: 60_000 },
          lateUploadMs: 900_000,
        },
      },
      databaseUrl: "postgres://manman@127.0.0.1:5432/manman",
      brokerUrl: "amqp://127.0.0.1:5672",
      store: {
        bucket: "backups",
        region: "us-east-1",
        endpoint: null,
        credentials: null,
        forcePathStyle: false,
      },
      logLevel: "info",
    },
  });
});

test("every variable can be set", () => {
  const reading = read({
    ...least,
    PORT: "0",
    LISTEN_HOST: "0.0.0.0",
    MANMAN_TOKEN: "s3cret-s3cret",
    S3_REGION: "eu-1",
    S3_ENDPOINT: "http://127.0.0.1:9000",
    S3_ACCESS_KEY: "access",
    S3_SECRET_KEY: "secret",
    S3_FORCE_PATH_STYLE: "true",
    HEARTBEAT_SECONDS: "1",
    LEASE_SECONDS: "2",
    ATTEMPTS_MAX: "3",
    DISPATCH_DEADLINE_HOURS: "48",
    REDISPATCH_SECONDS: "5",
    SURVEY_HOURS: "12",
    LOG_LEVEL: "debug",
  });
  expect(reading).toMatchObject({
    config: {
      controlPlane: {
        listenHost: "0.0.0.0",
        port: 0,
        token: "s3cret-s3cret",
        heartbeatMs: 1_000,
        limits: {
          leaseMs: 2_000,
          attemptsMax: 3,
          dispatchDeadlineMs: 172_800_000,
          redispatchMs: 5_000,
        },
        survey: { everyMs: 43_200_000 },
      },
      store: {
        region: "eu-1",
        endpoint: "http://127.0.0.1:9000",
        credentials: { accessKey: "access", secretKey: "secret" },
        forcePathStyle: true,
      },
      logLevel: "debug",
    },
  });
});

test("every mistake is told at once, each with its variable, and no secret is shown", () => {
  expect(
    read({
      PORT: "65536",
      LISTEN_HOST: "0.0.0.0",
      PG_DATABASE_URL: "mysql://root:hunter2@db/manman",
      S3_BUCKET: "",
      S3_ENDPOINT: "localhost:9000",
      S3_ACCESS_KEY: "access",
      S3_FORCE_PATH_STYLE: "yes",
      HEARTBEAT_SECONDS: "60",
      ATTEMPTS_MAX: "1.5",
      LOG_LEVEL: "loud",
    }),
  ).toEqual({
    mistakes: [
      'PORT: must be a whole number from 0 to 65535, not "65536"',
      "PG_DATABASE_URL: must be a URL that starts with postgres:// or postgresql://",
      "RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
      "S3_BUCKET: must be set: bucket that holds the archives",
      'S3_ENDPOINT: must be a URL that starts with http:// or https://, not "localhost:9000"',
      'S3_FORCE_PATH_STYLE: must be one of true, false, not "yes"',
      'ATTEMPTS_MAX: must be a whole number from 1 to 1000, not "1.5"',
      'LOG_LEVEL: must be one of debug, info, warn, error, not "loud"',
      "LISTEN_HOST: 0.0.0.0 can be reached from outside: set MANMAN_TOKEN, or listen on 127.0.0.1",
      'LEASE_SECONDS: must be at least two heartbeats, 120, not "60"',
      "S3_SECRET_KEY: must be set together with S3_ACCESS_KEY",
    ],
  });
});

test.each(["short", "with a blank", "tökentöken"])("the token %j is refused unseen", (token) => {
  expect(read({ ...least, MANMAN_TOKEN: token })).toEqual({
    mistakes: ["MANMAN_TOKEN: must be 8 to 200 printable ASCII characters without blanks"],
  });
});

test("the help names every variable", () => {
  const lines = environmentHelp(variables).split("\n");
  expect(lines.map((line) => line.trim().split(/\s/)[0])).toEqual(Object.keys(variables));
  expect(lines[0]).toBe(
    "  PORT                     port of the gRPC server; 0 takes a free one (default 50051)",
  );
  expect(lines[2]).toBe(
    "  MANMAN_TOKEN             token that every caller must send as `authorization: Bearer TOKEN`" +
      " (optional; or MANMAN_TOKEN_FILE names a file that holds it)",
  );
});

test("what is secret may come from a file", () => {
  const secrets = Object.entries(variables).filter(([, one]) => "isSecret" in one && one.isSecret);
  expect(secrets.map(([name]) => name)).toEqual([
    "MANMAN_TOKEN",
    "PG_DATABASE_URL",
    "RABBITMQ_URL",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
  ]);
});
