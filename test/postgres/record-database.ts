// A database of its own for the tests of the records, with a way to look at it past them.
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { Client, type QueryResultRow } from "pg";
import { freshDatabase, type FreshDatabase } from "../harness/fresh-database.ts";

export type RecordDatabase = FreshDatabase & {
  /** Runs SQL past the records. */
  readonly query: <Row extends QueryResultRow>(
    sql: string,
    values?: readonly unknown[],
  ) => Promise<Row[]>;
  /** Removes every record and counts ids from 1 again. */
  readonly empty: () => Promise<void>;
};

/** One without a schema. */
export async function bareDatabase(): Promise<RecordDatabase> {
  const { url, remove } = await freshDatabase();
  return {
    url,
    remove,
    query: async (sql, values = []) => await queryOnce(url, sql, values),
    empty: async () => {
      const tables = "server, game_config, outbox, bucket_survey";
      await queryOnce(url, `truncate ${tables} restart identity cascade`, []);
    },
  };
}

/** One with the present schema. */
export async function migratedDatabase(): Promise<RecordDatabase> {
  const database = await bareDatabase();
  await migrate(database.url);
  return database;
}

async function queryOnce<Row extends QueryResultRow>(
  url: string,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
