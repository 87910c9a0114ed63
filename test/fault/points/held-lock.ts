// Holds transactions up from outside: a lock on a table that every change of a kind has to write.
import { Client } from "pg";
import type { Fleet } from "../../harness/fleet.ts";
import { until } from "../../harness/until.ts";

export type HeldLock = {
  /** Waits until a transaction waits for the lock. */
  readonly isWaitedFor: () => Promise<void>;
  /** Lets them go on. Nothing where the database has gone meanwhile, and the lock with it. */
  readonly release: () => Promise<void>;
};

/**
 * `backup_event` holds up every transition of a backup and no heartbeat; `outbox` holds up whatever puts a command there or crosses
 * it off, and does not hide the commands from the relay.
 */
export async function lockTable(fleet: Fleet, table: "backup_event" | "outbox"): Promise<HeldLock> {
  const client = new Client({ connectionString: fleet.databaseUrl });
  // The test may take the server away at any time.
  client.on("error", () => {});
  await client.connect();
  await client.query("begin");
  await client.query(`lock table ${table} in share mode`);
  return {
    isWaitedFor: async () => {
      await until(
        async () => {
          const waiting = await fleet.query(
            "select from pg_locks where relation = $1::regclass and not granted",
            [table],
          );
          return waiting.length > 0;
        },
        { what: `a transaction waits for ${table}`, deadlineMs: 60_000 },
      );
    },
    release: async () => {
      await client.query("rollback").catch(() => {});
      await client.end().catch(() => {});
    },
  };
}
