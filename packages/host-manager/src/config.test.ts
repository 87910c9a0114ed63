import { expect, test } from "vitest";
import { configHelp, parseConfig } from "./config.ts";

const least = {
  RABBITMQ_URL: "amqp://guest:guest@127.0.0.1:5672",
  S3_BUCKET: "backups",
  ENVIRONMENT: "production",
};

function noFile(path: string): string {
  throw new Error(`no ${path}`);
}

test("the least configuration is completed by defaults", () => {
  expect(parseConfig(least, "host-a", noFile)).toEqual({
    ok: true,
    config: {
      host: {
        serverName: "host-a",
        environment: "production",
        hostDataDir: "/data",
        packersMax: 2,
        stopGraceSeconds: 30,
      },
      apiAddress: "127.0.0.1:50051",
      token: undefined,
      rabbitmqUrl: "amqp://guest:guest@127.0.0.1:5672",
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
  expect(parseConfig(env, "host-a", noFile)).toEqual({
    ok: false,
    mistakes: [
      'API_ADDRESS must be host:port, not "control-plane"',
      "RABBITMQ_URL must be set",
      "S3_BUCKET must be set",
      'ENVIRONMENT must be 1 to 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, not "../etc"',
      'HOST_DATA_DIR must be an absolute path, not "data"',
      'PACKERS_MAX must be a whole number from 1 to 16, not "0"',
      'PART_SIZE_MIB must be a whole number from 8 to 512, not "5.5"',
      'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent, not "loud"',
    ],
  });
});

test.each(["prod/eu", "..", "-x", "a b", "", "ä"])("%j is no environment", (environment) => {
  expect(parseConfig({ ...least, ENVIRONMENT: environment }, "host-a", noFile).ok).toBe(false);
});

test("a secret may come from a file, whose last line break does not count", () => {
  const env = { ...least, MANMAN_TOKEN_FILE: "/run/secrets/token" };
  const reading = parseConfig(env, "host-a", (path) => {
    expect(path).toBe("/run/secrets/token");
    return "s3cret\n";
  });
  expect(reading.ok && reading.config.token).toBe("s3cret");
});

test("a secret is never printed, and is given in one way only", () => {
  const env = {
    ...least,
    RABBITMQ_URL: "http://guest:hunter2@127.0.0.1",
    MANMAN_TOKEN: "one",
    MANMAN_TOKEN_FILE: "/two",
    S3_SECRET_KEY_FILE: "/three",
  };
  expect(parseConfig(env, "host-a", noFile)).toEqual({
    ok: false,
    mistakes: [
      "MANMAN_TOKEN is set, and so is MANMAN_TOKEN_FILE: set one of them",
      "RABBITMQ_URL must be a URL with amqp:// or amqps://",
      "S3_SECRET_KEY cannot be read from /three, which S3_SECRET_KEY_FILE names",
    ],
  });
});

test("half of a pair of keys is a mistake", () => {
  expect(parseConfig({ ...least, S3_ACCESS_KEY: "a" }, "host-a", noFile)).toEqual({
    ok: false,
    mistakes: ["S3_ACCESS_KEY and S3_SECRET_KEY must be set together"],
  });
});

test("--help names each variable with its default", () => {
  const help = configHelp("host-a");
  expect(help).toMatch(/SERVER_NAME +the name under which this host registers.*\(default host-a\)/);
  expect(help).toMatch(/MANMAN_TOKEN +.*\(optional; or MANMAN_TOKEN_FILE\)/);
  expect(help).toMatch(/ENVIRONMENT +.*\(required\)/);
});
