// Gives a test an empty database of its own on the PostgreSQL of the run.
import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { serverVariable } from "./server-variable.ts";

export type FreshDatabase = {
  /** Connection string to this database. */
  readonly url: string;
  /** Drops it, whoever is still connected. */
  readonly remove: () => Promise<void>;
};

/** Creates one (about 30 ms). */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const url = new URL(serverVariable("PG_DATABASE_URL"));
  const server = url.href;
  await onServer(server, `CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    remove: async () => await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
