// What a game is and how it is started.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table game_config (
      config_id bigint generated always as identity primary key,
      game_id bigint not null,
      name text not null,
      image text not null,
      args_template text not null,
      env_template jsonb not null check (jsonb_typeof(env_template) = 'object'),
      entrypoint text[] not null,
      command text[] not null,
      created_at timestamptz not null default now()
    )
  `.execute(db);
  await sql`create index game_config_by_game on game_config (game_id, config_id)`.execute(db);
}
