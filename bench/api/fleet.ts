// Fills a database with a fleet of games and their history of backups, and takes away what measuring added to it.
import { Client } from "pg";

/** What stands in a database. Hosts, games and backups are numbered from 1. */
export type Fleet = {
  readonly databaseUrl: string;
  readonly hosts: number;
  /** Deployed games, each with a running session. */
  readonly games: number;
  /** The games from 1 on that have a history, of 100 backups each. */
  readonly gamesWithHistory: number;
  readonly records: number;
};

/** A game that runs, as a caller names it. */
export type RunningSession = { readonly sessionId: bigint; readonly serverId: bigint };

const recordsPerGame = 100;
const gamesPerHost = 200;

/** A fleet with so many records, and at least so many games. */
export function fleetOf(databaseUrl: string, records: number, gamesLeast: number): Fleet {
  const gamesWithHistory = Math.ceil(records / recordsPerGame);
  const games = Math.max(gamesWithHistory, gamesLeast);
  return { databaseUrl, hosts: Math.ceil(games / gamesPerHost), games, gamesWithHistory, records };
}

/**
 * Fills the migrated, empty database, and returns the running sessions in no particular order. Records lie in the order of time,
 * one of each game after the other, so that each game's are scattered over the table.
 */
export async function fillFleet(fleet: Fleet): Promise<readonly RunningSession[]> {
  return await withClient(fleet, async (client) => {
    // Foreign keys hold by construction; looking each one up would take longer than all the rest.
    await client.query("set session_replication_role = replica");
    await client.query(`
      insert into server (name, environment, last_seen_at)
      select 'host-' || n, 'bench', now() from generate_series(1, ${fleet.hosts}) n
    `);
    await client.query(`
      insert into game_config (game_id, name, image, args_template, env_template, entrypoint, command)
      values (1, 'game', 'game:1', '', '{}', '{./game}', '{}')
    `);
    await client.query(`
      insert into server_game_config (server_id, config_id, port_bindings)
      select 1 + (n - 1) / ${gamesPerHost}, 1, '[]' from generate_series(1, ${fleet.games}) n
    `);
    // Sessions 1 to gamesWithHistory are over; the backups belong to them.
    await client.query(`
      insert into session (sgc_id, server_id, status, started_at, ended_at, exit_code)
      select sgc_id, server_id, 'completed', now() - interval '90 days', now() - interval '1 day', 0
      from server_game_config where sgc_id <= ${fleet.gamesWithHistory} order by sgc_id
    `);
    await client.query(`
      insert into session (sgc_id, server_id, status, started_at)
      select sgc_id, server_id, 'running', now() from server_game_config order by sgc_id
    `);
    await client.query(insertHistory(fleet));
    await client.query(`
      create table floor_backup (
        backup_id bigint generated always as identity primary key,
        session_id bigint not null,
        description text not null,
        status text not null default 'pending',
        created_at timestamptz not null default now()
      )
    `);
    await client.query("vacuum (analyze)");
    await client.query("checkpoint");
    const { rows } = await client.query<{ session_id: string; server_id: string }>(
      "select session_id, server_id from session where status = 'running' order by md5(session_id::text)",
    );
    return rows.map((row) => ({
      sessionId: BigInt(row.session_id),
      serverId: BigInt(row.server_id),
    }));
  });
}

/** Of a thousand records, 900 are completed, 40 failed, 10 were cancelled and 50 deleted; all are over. */
function insertHistory({ records, gamesWithHistory }: Fleet): string {
  const report = `jsonb_build_object(
    'parts', '[]'::jsonb,
    'sizeBytes', 42554432 + n, 'rawBytes', 120000000 + n, 'files', 2000 + n % 1000,
    'archiveSha256', md5(n || 'd') || md5(n || 'e'), 'warningCount', 0, 'warnings', '[]'::jsonb,
    'durationMs', 4000 + n % 1000
  )`;
  return `
    insert into backup (
      sgc_id, server_id, session_id, description, status, object_key, report, failure_code,
      failure_message, created_at, started_at, finished_at, event_count
    )
    select
      sgc_id, 1 + (sgc_id - 1) / ${gamesPerHost}, sgc_id, 'nightly backup', status,
      'backups/' || sgc_id || '/' || n || '.tar.gz',
      case when status in ('completed', 'deleted') then ${report} end,
      case when status = 'failed' then 'lease_expired' end,
      case when status = 'failed' then 'the host fell silent for longer than 60 s' end,
      at, at + interval '1 second', at + interval '6 seconds', 4
    from (
      select
        n, 1 + (n - 1) % ${gamesWithHistory} as sgc_id,
        now() - interval '90 days' * (1 - n::double precision / ${records}) as at,
        case
          when chance < 900 then 'completed'
          when chance < 940 then 'failed'
          when chance < 950 then 'cancelled'
          else 'deleted'
        end as status
      from generate_series(1, ${records}::bigint) n, lateral (select abs(hashint8(n)) % 1000 as chance) dice
    ) history
  `;
}

/** Takes away every backup that is not of the history, and the floor's rows, and what the dead rows would cost the next measurement. */
export async function clearAdditions(fleet: Fleet): Promise<void> {
  await withClient(fleet, async (client) => {
    await client.query("set session_replication_role = replica");
    await client.query("delete from outbox");
    await client.query("delete from leftover");
    await client.query("delete from operation");
    await client.query("delete from backup_event");
    await client.query(`delete from backup where backup_id > ${fleet.records}`);
    await client.query("truncate floor_backup");
    await client.query(
      "vacuum (analyze) outbox, leftover, operation, backup_event, backup, server_game_config",
    );
  });
}

/** Commands that wait for the relay. */
export async function commandsWaiting(fleet: Fleet): Promise<number> {
  return await withClient(fleet, async (client) => {
    const { rows } = await client.query<{ count: string }>("select count(*) from outbox");
    return Number(rows[0]?.count);
  });
}

async function withClient<T>(fleet: Fleet, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: fleet.databaseUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
