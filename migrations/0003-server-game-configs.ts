// The games deployed on the servers.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  // command_sequence is the number of the last command for this game; every command counts it up, within the page where there is room.
  // The unique key is what lists by server go through, and what records that name a game together with its server refer to.
  await sql`
    create table server_game_config (
      sgc_id bigint generated always as identity primary key,
      server_id bigint not null references server,
      config_id bigint not null references game_config,
      port_bindings jsonb not null check (jsonb_typeof(port_bindings) = 'array'),
      status text not null default 'active' check (status in ('active', 'inactive')),
      command_sequence bigint not null default 0,
      created_at timestamptz not null default now(),
      unique (server_id, sgc_id)
    ) with (fillfactor = 70)
  `.execute(db);
}
