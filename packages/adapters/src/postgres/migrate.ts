// Brings the schema up to what this code expects. Several control planes may start at once: one of them migrates, the others wait and
// find it done. It guards against running on a schema that a newer release has changed.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Fault } from "@manman/core/fault.ts";
import { sql, type Kysely } from "kysely";
import { FileMigrationProvider, Migrator } from "kysely/migration";
import { withFaults } from "./faults.ts";
import { defaultPoolLimits, openPool } from "./pool.ts";
import type { Tables } from "./rows.ts";

/**
 * Runs the migrations that the database lacks, in one transaction, and answers their names. Throws a Fault: `away` where the
 * database does not answer, `rejected` where it is newer than this code or a migration fails; nothing is changed then.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  // Building an index on a large table takes its time, and so may waiting for another who does: only connecting is bounded. Kysely's
  // lock is an advisory one of the connection, so that a holder that dies frees it.
  const db = openPool(url, { ...defaultPoolLimits, poolSize: 1, statementMs: 0 });
  try {
    return await withFaults("migrate the database", async () => await migrateAll(db));
  } finally {
    await db.destroy();
  }
}

async function migrateAll(db: Kysely<Tables>): Promise<readonly string[]> {
  const provider = new FileMigrationProvider({
    fs: { readdir },
    path: { join },
    migrationFolder: join(import.meta.dirname, "../../../../migrations"),
    import: async (path) => await import(pathToFileURL(path).href),
  });
  const known = Object.keys(await provider.getMigrations());
  await refuseNewer(db, known);
  const { error, results } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) {
    // Another control plane, of a newer release, may have come first.
    await refuseNewer(db, known);
    throw error;
  }
  return (results ?? []).map(({ migrationName }) => migrationName);
}

async function refuseNewer(db: Kysely<Tables>, known: readonly string[]): Promise<void> {
  const { rows: tables } = await sql<{ there: boolean }>`
    select to_regclass('kysely_migration') is not null as there
  `.execute(db);
  if (tables[0]?.there !== true) return;
  const { rows } = await sql<{ name: string }>`
    select name from kysely_migration order by name
  `.execute(db);
  const unknown = rows.map(({ name }) => name).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new Fault(
    "rejected",
    `migrate the database: it has ${unknown.join(", ")}, which this release does not know ` +
      `(its newest is ${known.toSorted().at(-1) ?? "none"}); run the release that made it, or a newer one`,
  );
}
