import { expect, test } from "vitest";
import { namedServers } from "../../scripts/services/server-environment.ts";

test("no variables name no servers", () => {
  expect(namedServers({ S3_REGION: "eu-north-1", RABBITMQ_URL: "" })).toEqual({});
});

test("what may be left out is filled in", () => {
  const env = {
    PG_DATABASE_URL: "postgres://u:p@db.example/postgres",
    RABBITMQ_URL: "amqp://u:p@broker.example:5673",
    S3_ENDPOINT: "http://store.example:9000",
    S3_ACCESS_KEY: "key",
    S3_SECRET_KEY: "secret",
  };
  expect(namedServers(env)).toEqual({
    postgres: { PG_DATABASE_URL: "postgres://u:p@db.example/postgres" },
    rabbitmq: {
      RABBITMQ_URL: "amqp://u:p@broker.example:5673",
      RABBITMQ_MANAGEMENT_URL: "http://u:p@broker.example:15672",
    },
    s3: {
      S3_ENDPOINT: "http://store.example:9000",
      S3_ACCESS_KEY: "key",
      S3_SECRET_KEY: "secret",
      S3_REGION: "us-east-1",
      S3_FORCE_PATH_STYLE: "true",
    },
  });
});

test("a store without its keys is refused by naming both", () => {
  expect(() => namedServers({ S3_ENDPOINT: "http://store.example:9000" })).toThrow(
    "set S3_ACCESS_KEY (S3_ENDPOINT is set), S3_SECRET_KEY (S3_ENDPOINT is set)",
  );
});
