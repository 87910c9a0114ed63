// The records of what games are and where they are deployed.
import type { GameRecords, Page } from "@manman/core/ports.ts";
import { notFound, type Refusal } from "@manman/core/refusal.ts";
import type { GameConfig, ServerGameConfig } from "@manman/core/server.ts";
import { sql, type Kysely, type Selectable } from "kysely";
import { withFaults } from "./faults.ts";
import { newestFirst } from "./newest-first.ts";
import type { Tables } from "./rows.ts";

export function gameRecords(db: Kysely<Tables>): GameRecords {
  return {
    createConfig: async (config) =>
      await withFaults("create a game config", async () => await createConfig(db, config)),
    getConfig: async (configId) =>
      await withFaults(`get game config ${configId}`, async () => await getConfig(db, configId)),
    listConfigs: async (gameId, page) =>
      await withFaults("list game configs", async () => await listConfigs(db, gameId, page)),
    deploy: async (game) =>
      await withFaults(
        `deploy game config ${game.configId} on server ${game.serverId}`,
        async () => await deploy(db, game),
      ),
    getGame: async (sgcId) =>
      await withFaults(`get server game config ${sgcId}`, async () => await getGame(db, sgcId)),
    listGames: async (serverId, page) =>
      await withFaults("list server game configs", async () => await listGames(db, serverId, page)),
  };
}

const configColumns = [
  "config_id",
  "game_id",
  "name",
  "image",
  "args_template",
  "env_template",
  "entrypoint",
  "command",
] as const;

const gameColumns = ["sgc_id", "server_id", "config_id", "port_bindings", "status"] as const;

type ConfigRow = Pick<Selectable<Tables["game_config"]>, (typeof configColumns)[number]>;
type GameRow = Pick<Selectable<Tables["server_game_config"]>, (typeof gameColumns)[number]>;

function toConfig(row: ConfigRow): GameConfig {
  return {
    configId: row.config_id,
    gameId: row.game_id,
    name: row.name,
    image: row.image,
    argsTemplate: row.args_template,
    envTemplate: row.env_template,
    entrypoint: row.entrypoint,
    command: row.command,
  };
}

function toGame(row: GameRow): ServerGameConfig {
  return {
    sgcId: row.sgc_id,
    serverId: row.server_id,
    configId: row.config_id,
    portBindings: row.port_bindings,
    status: row.status,
  };
}

async function createConfig(
  db: Kysely<Tables>,
  config: Omit<GameConfig, "configId">,
): Promise<GameConfig> {
  const row = await db
    .insertInto("game_config")
    .values({
      game_id: config.gameId,
      name: config.name,
      image: config.image,
      args_template: config.argsTemplate,
      env_template: JSON.stringify(config.envTemplate),
      entrypoint: config.entrypoint,
      command: config.command,
    })
    .returning(configColumns)
    .executeTakeFirstOrThrow();
  return toConfig(row);
}

/** The config of that id; null where there is none. */
export async function getConfig(db: Kysely<Tables>, configId: bigint): Promise<GameConfig | null> {
  const row = await db
    .selectFrom("game_config")
    .select(configColumns)
    .where("config_id", "=", configId)
    .executeTakeFirst();
  return row === undefined ? null : toConfig(row);
}

async function listConfigs(
  db: Kysely<Tables>,
  gameId: bigint | null,
  { beforeId, limit }: Page,
): Promise<readonly GameConfig[]> {
  const equal = gameId === null ? {} : { game_id: sql`${gameId}::bigint` };
  const { where, orderBy } = newestFirst(equal, "config_id", beforeId);
  const rows = await db
    .selectFrom("game_config")
    .select(configColumns)
    .where(where)
    .orderBy(orderBy)
    .limit(limit)
    .execute();
  return rows.map(toConfig);
}

async function deploy(
  db: Kysely<Tables>,
  { serverId, configId, portBindings }: Parameters<GameRecords["deploy"]>[0],
): Promise<ServerGameConfig | Refusal> {
  const { rows } = await sql<{ server: boolean; config: boolean }>`
    select
      exists (select from server where server_id = ${serverId}) as server,
      exists (select from game_config where config_id = ${configId}) as config
  `.execute(db);
  if (rows[0]?.server !== true) return notFound("server", serverId);
  if (!rows[0].config) return notFound("game config", configId);
  const row = await db
    .insertInto("server_game_config")
    .values({
      server_id: serverId,
      config_id: configId,
      port_bindings: JSON.stringify(portBindings),
    })
    .returning(gameColumns)
    .executeTakeFirstOrThrow();
  return toGame(row);
}

async function getGame(db: Kysely<Tables>, sgcId: bigint): Promise<ServerGameConfig | null> {
  const row = await db
    .selectFrom("server_game_config")
    .select(gameColumns)
    .where("sgc_id", "=", sgcId)
    .executeTakeFirst();
  return row === undefined ? null : toGame(row);
}

/** The game under its lock, which everything that writes its sessions takes first; null where there is none. */
export async function lockGame(
  transaction: Kysely<Tables>,
  sgcId: bigint,
): Promise<ServerGameConfig | null> {
  const row = await transaction
    .selectFrom("server_game_config")
    .select(gameColumns)
    .where("sgc_id", "=", sgcId)
    .forNoKeyUpdate()
    .executeTakeFirst();
  return row === undefined ? null : toGame(row);
}

async function listGames(
  db: Kysely<Tables>,
  serverId: bigint | null,
  { beforeId, limit }: Page,
): Promise<readonly ServerGameConfig[]> {
  const equal = serverId === null ? {} : { server_id: sql`${serverId}::bigint` };
  const { where, orderBy } = newestFirst(equal, "sgc_id", beforeId);
  const rows = await db
    .selectFrom("server_game_config")
    .select(gameColumns)
    .where(where)
    .orderBy(orderBy)
    .limit(limit)
    .execute();
  return rows.map(toGame);
}
