import { expect, test } from "vitest";
import { configHelp, readConfig } from "./config.ts";

const least = {
  RABBITMQ_URL: "amqp://guest:guest@127.0.0.1:5672",
  S3_BUCKET: "backups",
  ENVIRONMENT: "production",
};

function noFile(path: string): string {
  throw new Error(`no ${path}`);
}

test("the least configuration is completed by defaults", () => {
  expect(readConfig(least, "host-a", noFile)).toEqual({
    config: {
      host: {
        serverName: "host-a",
        environment: "production",
        hostDataDir: "/data",
        packersMax: 2,
        stopGraceSeconds: 30,
      },
      apiAddress: "127.0.0.1:50051",
      token: null,
      brokerUrl: "amqp://guest:guest@127.0.0.1:5672",
      packer: {
        store: {
          kind: "s3",
          bucket: "backups",
          region: "us-east-1",
          endpoint: null,
          credentials: null,
          forcePathStyle: false,
        },
        partSizeBytes: 8_388_608,
        compressionLevel: 6,
        workers: null,
        readBytesPerSecondMax: null,
        compileCacheDir: "/data/.manman/compile-cache",
        stallMs: 1_800_000,
      },
      logLevel: "info",
    },
  });
});

test("every mistake is named at once", () => {
  const env = {
    API_ADDRESS: "control-plane",
    ENVIRONMENT: "../etc",
    HOST_DATA_DIR: "data",
    PACKERS_MAX: "0",
    PART_SIZE_MIB: "5.5",
    S3_BUCKET: "",
    LOG_LEVEL: "loud",
  };
  expect(readConfig(env, "host-a", noFile)).toEqual({
    mistakes: [
      'API_ADDRESS: must be host:port, not "control-plane"',
      "RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
      "S3_BUCKET: must be set: bucket that holds the archives",
      'ENVIRONMENT: must be 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, not "../etc"',
      'HOST_DATA_DIR: must be an absolute path, not "data"',
      'PACKERS_MAX: must be a whole number from 1 to 16, not "0"',
      'PART_SIZE_MIB: must be a whole number from 8 to 512, not "5.5"',
      'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    ],
  });
});

test.each(["prod/eu", "..", "-x", "a b", "", "ä"])("%j is no environment", (environment) => {
  expect(
    readConfig({ ...least, ENVIRONMENT: environment }, "host-a", noFile).mistakes,
  ).toHaveLength(1);
});

test("a secret may come from a file, whose last line break does not count", () => {
  const env = { ...least, MANMAN_TOKEN_FILE: "/run/secrets/token" };
  const reading = readConfig(env, "host-a", (path) => {
    expect(path).toBe("/run/secrets/token");
    return "s3cret-s3cret\n";
  });
  expect(reading).toMatchObject({ config: { token: "s3cret-s3cret" } });
});

test("a secret is never printed, and is given in one way only", () => {
  const env = {
    ...least,
    RABBITMQ_URL: "http://guest:hunter2@127.0.0.1",
    MANMAN_TOKEN: "one-one-one",
    MANMAN_TOKEN_FILE: "/two",
    S3_SECRET_KEY_FILE: "/three",
  };
  expect(readConfig(env, "host-a", noFile)).toEqual({
    mistakes: [
      "MANMAN_TOKEN_FILE: must be left out where MANMAN_TOKEN is set",
      "RABBITMQ_URL: must be a URL that starts with amqp:// or amqps://",
      "S3_SECRET_KEY_FILE: cannot be read: no /three",
      "S3_ACCESS_KEY: must be set together with S3_SECRET_KEY",
    ],
  });
});

test("half of a pair of keys is a mistake", () => {
  expect(readConfig({ ...least, S3_ACCESS_KEY: "a" }, "host-a", noFile)).toEqual({
    mistakes: ["S3_SECRET_KEY: must be set together with S3_ACCESS_KEY"],
  });
});

test("--help names each variable with its default", () => {
  const help = configHelp("host-a");
  expect(help).toMatch(/SERVER_NAME +the name under which this host registers.*\(default host-a\)/);
  expect(help).toMatch(/MANMAN_TOKEN +.*\(optional; or MANMAN_TOKEN_FILE names/);
  expect(help).toMatch(/ENVIRONMENT +.*\(required\)/);
});
