// Databases that live for one test or one file of tests, on the PostgreSQL that PG_DATABASE_URL names.
import { randomBytes } from "node:crypto";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { Client, type QueryResultRow } from "pg";

export type ScratchDatabase = {
  readonly url: string;
  /** Runs SQL past the records. */
  readonly query: <Row extends QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
  ) => Promise<Row[]>;
  /** Removes every record and counts ids from 1 again. */
  readonly empty: () => Promise<void>;
  readonly drop: () => Promise<void>;
};

/** A database without a schema. */
export async function emptyDatabase(): Promise<ScratchDatabase> {
  const name = `manman_test_${randomBytes(6).toString("hex")}`;
  await queryOnce(serverUrl(), `create database ${name}`);
  const url = new URL(serverUrl());
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: async (sql, values = []) => await queryOnce(url.href, sql, values),
    empty: async () => {
      await queryOnce(url.href, "truncate server, game_config, outbox restart identity cascade");
    },
    drop: async () => {
      await queryOnce(serverUrl(), `drop database if exists ${name} with (force)`);
    },
  };
}

/** A database with the present schema. */
export async function migratedDatabase(): Promise<ScratchDatabase> {
  const database = await emptyDatabase();
  await migrate(database.url);
  return database;
}

async function queryOnce<Row extends QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

function serverUrl(): string {
  const url = process.env["PG_DATABASE_URL"];
  if (url === undefined) throw new Error("PG_DATABASE_URL is not set: run the tests with npm test");
  return url;
}
