// What the variables of the object store and of the broker add up to.
import { expect, test } from "vitest";
import { brokerVariables } from "./broker-variables.ts";
import { readEnvironment } from "./environment-table.ts";
import { storeConfigOf, storeContradictions, storeVariables } from "./store-variables.ts";

function noFile(path: string): string {
  throw new Error(`no ${path}`);
}

function read(environment: Readonly<Record<string, string>>) {
  const reading = readEnvironment(storeVariables, environment, noFile, storeContradictions);
  return reading.mistakes ?? storeConfigOf(reading.values);
}

test("a bucket is enough for Amazon's store and the platform's own credentials", () => {
  expect(read({ S3_BUCKET: "backups" })).toEqual({
    bucket: "backups",
    region: "us-east-1",
    endpoint: null,
    credentials: null,
    forcePathStyle: false,
  });
});

test("every variable of the store can be set", () => {
  const environment = {
    S3_BUCKET: "backups",
    S3_REGION: "eu-1",
    S3_ENDPOINT: "http://127.0.0.1:9000",
    S3_ACCESS_KEY: "access",
    S3_SECRET_KEY: "secret",
    S3_FORCE_PATH_STYLE: "true",
  };
  expect(read(environment)).toEqual({
    bucket: "backups",
    region: "eu-1",
    endpoint: "http://127.0.0.1:9000",
    credentials: { accessKey: "access", secretKey: "secret" },
    forcePathStyle: true,
  });
});

test.each([
  ["S3_ACCESS_KEY", "S3_SECRET_KEY: must be set together with S3_ACCESS_KEY"],
  ["S3_SECRET_KEY", "S3_ACCESS_KEY: must be set together with S3_SECRET_KEY"],
])("%s alone is half of a key", (name, mistake) => {
  expect(read({ S3_BUCKET: "backups", [name]: "half" })).toEqual([mistake]);
});

test("a key's half that cannot be read is no missing half", () => {
  const environment = { S3_BUCKET: "backups", S3_ACCESS_KEY: "a", S3_SECRET_KEY_FILE: "/none" };
  expect(read(environment)).toEqual(["S3_SECRET_KEY_FILE: cannot be read: no /none"]);
});

test.each(["b", "-b", "a/b", "a b", "ä-ä"])("%j is no bucket", (bucket) => {
  expect(read({ S3_BUCKET: bucket })).toEqual([
    `S3_BUCKET: must be the name of a bucket, not "${bucket}"`,
  ]);
});

test("the broker must be named, and its password is not shown", () => {
  expect(readEnvironment(brokerVariables, {}, noFile).mistakes).toEqual([
    "RABBITMQ_URL: must be set: the broker, amqp://user:password@host:port/vhost",
  ]);
  const wrong = { RABBITMQ_URL: "http://guest:hunter2@127.0.0.1" };
  expect(readEnvironment(brokerVariables, wrong, noFile).mistakes).toEqual([
    "RABBITMQ_URL: must be a URL that starts with amqp:// or amqps://",
  ]);
});
