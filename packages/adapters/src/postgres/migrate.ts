// Brings the schema up to what this code expects. Several control planes may start at once: one of them migrates, the others wait and
// find it done. It guards against running on a schema that a newer release has changed.
//
// Kysely's own Migrator is not used: it tells a newer database by its message alone, and when the connection breaks, what it
// throws says nothing of that.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Fault } from "@manman/core/fault.ts";
import { sql, type Kysely, type Transaction } from "kysely";
import { withFaults } from "./faults.ts";
import { defaultPoolLimits, openPool } from "./pool.ts";
import type { Tables } from "./rows.ts";

const migrationsFolder = join(import.meta.dirname, "../../../../migrations");

/** Any number that nobody else takes an advisory lock on: "manman" in ASCII. */
const migrationLock = 0x6d61_6e6d_616en;

/**
 * Runs the migrations that the database lacks, all in one transaction, and answers their names in order. Throws a Fault: `away`
 * where the database does not answer, `rejected` where it is newer than this code or a migration fails; nothing is changed then.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  // Building an index on a large table takes its time, and so may waiting for another who does: only connecting is bounded.
  const db = openPool(url, { ...defaultPoolLimits, poolSize: 1, statementMs: 0 });
  try {
    return await withFaults(
      "migrate the database",
      async () => await db.transaction().execute(runMissing),
    );
  } finally {
    await db.destroy();
  }
}

/** The lock ends with the transaction, also when this process dies. */
async function runMissing(transaction: Transaction<Tables>): Promise<readonly string[]> {
  await sql`select pg_advisory_xact_lock(${migrationLock})`.execute(transaction);
  await sql`
    create table if not exists migration (
      name text primary key,
      applied_at timestamptz not null default now()
    )
  `.execute(transaction);
  const { rows } = await sql<{ name: string }>`select name from migration`.execute(transaction);
  const applied = new Set(rows.map(({ name }) => name));
  const known = (await readdir(migrationsFolder)).filter((file) => file.endsWith(".ts")).toSorted();
  const names = known.map((file) => file.slice(0, -".ts".length));
  refuseNewer(applied, names);
  const missing = names.filter((name) => !applied.has(name));
  for (const name of missing) {
    await (await load(name)).up(transaction);
    await sql`insert into migration (name) values (${name})`.execute(transaction);
  }
  return missing;
}

type Migration = { readonly up: (db: Kysely<Tables>) => Promise<void> };

async function load(name: string): Promise<Migration> {
  const url = pathToFileURL(join(migrationsFolder, `${name}.ts`));
  return (await import(url.href)) as Migration;
}

function refuseNewer(applied: ReadonlySet<string>, known: readonly string[]): void {
  const unknown = [...applied].filter((name) => !known.includes(name)).toSorted();
  if (unknown.length === 0) return;
  throw new Fault(
    "rejected",
    `migrate the database: it has ${unknown.join(", ")}, which this release does not know ` +
      `(its newest is ${known.at(-1) ?? "none"}); run the release that made it, or a newer one`,
  );
}
