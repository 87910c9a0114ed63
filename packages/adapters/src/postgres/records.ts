// The records in PostgreSQL, put together.
import type { Records } from "@manman/core/ports.ts";
import { sql, type Kysely } from "kysely";
import { backupRecords } from "./backup-records.ts";
import { withFaults } from "./faults.ts";
import { gameRecords } from "./game-records.ts";
import { installationRecords } from "./installation-records.ts";
import { outbox } from "./outbox.ts";
import { defaultPoolLimits, openPool, type PoolLimits } from "./pool.ts";
import type { Tables } from "./rows.ts";
import { serverRecords } from "./server-records.ts";
import { sessionRecords } from "./session-records.ts";
import { surveyRecords } from "./survey-records.ts";

export type RecordsOptions = Partial<PoolLimits> & {
  /** `postgres://user:password@host:port/database`; the database must have been migrated. */
  readonly url: string;
};

/** Connects at the first call, and again whenever the database has been away. */
export function openRecords({ url, ...limits }: RecordsOptions): Records {
  return recordsOn(openPool(url, { ...defaultPoolLimits, ...limits }));
}

/** The records on a pool that somebody else has opened; closing them closes it. */
export function recordsOn(db: Kysely<Tables>): Records {
  return {
    installation: installationRecords(db),
    survey: surveyRecords(db),
    servers: serverRecords(db),
    games: gameRecords(db),
    sessions: sessionRecords(db),
    backups: backupRecords(db),
    outbox: outbox(db),
    check: async () => {
      await withFaults("reach the database", async () => await sql`select 1`.execute(db));
    },
    close: async () => await db.destroy(),
  };
}
