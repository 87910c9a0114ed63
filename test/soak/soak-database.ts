// What a soak looks at in its database, past the control planes: how far the backups are, and where work still waits.
import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "pg";

export type SoakDatabase = {
  /** How many backups are in each status. */
  readonly statusCounts: () => Promise<Readonly<Record<string, number>>>;
  /** Returns once no backup is under way; throws with what still is after so many seconds. */
  readonly untilSettled: (secondsMax: number) => Promise<void>;
  /** Lets the quarter of an hour pass in which late uploads are looked for, and returns once nothing waits in any table, or after so many seconds. */
  readonly letLateUploadsPass: (secondsMax: number) => Promise<void>;
  /** Rows in each table whose rows mean that something is still to be done. */
  readonly rowsWaiting: () => Promise<Readonly<Record<string, number>>>;
  /** What happened to a backup, an event a line: the seconds since it was asked for, the attempt, the new status, and why. */
  readonly eventsOf: (backupId: bigint) => Promise<readonly string[]>;
  readonly serverIds: () => Promise<readonly bigint[]>;
  readonly close: () => Promise<void>;
};

const tables = ["operation", "outbox", "leftover"] as const;
const underWay = ["pending", "running", "verifying", "deleting"];
const lookEveryMs = 500;

export function openSoakDatabase(url: string): SoakDatabase {
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 3_000 });
  // The server is killed now and then.
  pool.on("error", () => {});
  const rows = async <Row>(statement: string): Promise<Row[]> =>
    (await pool.query(statement)).rows as Row[];

  const statusCounts = async (): Promise<Record<string, number>> => {
    const found = await rows<{ status: string; count: number }>(
      "select status, count(*)::int as count from backup group by status order by status",
    );
    return Object.fromEntries(found.map(({ status, count }) => [status, count]));
  };
  const rowsWaiting = async (): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const table of tables) {
      const [row] = await rows<{ count: number }>(`select count(*)::int as count from ${table}`);
      counts[table] = row?.count ?? 0;
    }
    return counts;
  };
  return {
    statusCounts,
    rowsWaiting,
    untilSettled: async (secondsMax) => {
      const deadline = performance.now() + secondsMax * 1_000;
      for (;;) {
        const counts = await statusCounts();
        const left = underWay.filter((status) => (counts[status] ?? 0) > 0);
        if (left.length === 0) return;
        if (performance.now() > deadline) {
          const words = left.map((status) => `${counts[status]} ${status}`).join(", ");
          throw new Error(`after ${secondsMax} s without a fault there are still ${words}`);
        }
        await sleep(lookEveryMs);
      }
    },
    letLateUploadsPass: async (secondsMax) => {
      const deadline = performance.now() + secondsMax * 1_000;
      await rows(`
        update leftover set created_at = created_at - interval '1 day', due_at = least(due_at, now())
        where upload_id is null
      `);
      for (;;) {
        const counts = Object.values(await rowsWaiting());
        if (counts.every((count) => count === 0) || performance.now() > deadline) return;
        await sleep(lookEveryMs);
      }
    },
    eventsOf: async (backupId) => {
      const events = await rows<{ seconds: string; attempt: number; status: string; why: string }>(`
        select round(extract(epoch from at - first_value(at) over (order by sequence)), 1) as seconds,
          attempt, to_status as status, why
        from backup_event where backup_id = ${backupId} order by sequence
      `);
      return events.map(
        ({ seconds, attempt, status, why }) =>
          `backup ${backupId}, ${seconds} s: attempt ${attempt} ${status} (${why})`,
      );
    },
    serverIds: async () => {
      const found = await rows<{ server_id: string }>("select server_id from server");
      return found.map(({ server_id }) => BigInt(server_id));
    },
    close: async () => await pool.end(),
  };
}
