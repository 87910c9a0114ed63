// The records of game hosts.
import type { Page, ServerRecords } from "@manman/core/ports.ts";
import { alreadyExists, failedPrecondition, type Refusal } from "@manman/core/refusal.ts";
import type { Server } from "@manman/core/server.ts";
import { sql, type Kysely, type Selectable } from "kysely";
import { withFaults } from "./faults.ts";
import { newestFirst } from "./newest-first.ts";
import type { Tables } from "./rows.ts";
import { storableJson } from "./storable-text.ts";

export function serverRecords(db: Kysely<Tables>): ServerRecords {
  return {
    register: async (host) =>
      await withFaults(`register server ${host.name}`, async () => await register(db, host)),
    create: async (name) =>
      await withFaults(`create server ${name}`, async () => await createServer(db, name)),
    seen: async (serverId, capabilities) =>
      await withFaults(
        `note that server ${serverId} was seen`,
        async () => await seen(db, serverId, capabilities),
      ),
    get: async (serverId) =>
      await withFaults(`get server ${serverId}`, async () => await getServer(db, serverId)),
    list: async (page) => await withFaults("list servers", async () => await listServers(db, page)),
  };
}

const serverColumns = ["server_id", "name", "environment", "is_default", "last_seen_at"] as const;

type ServerRow = Pick<Selectable<Tables["server"]>, (typeof serverColumns)[number]>;

function toServer(row: ServerRow): Server {
  return {
    serverId: row.server_id,
    name: row.name,
    environment: row.environment,
    isDefault: row.is_default,
    lastSeenAtMs: row.last_seen_at,
  };
}

/** One statement, so that hosts that register at the same moment under one name get one server. It answers nothing where it refuses. */
async function register(
  db: Kysely<Tables>,
  { name, environment, capabilities }: Parameters<ServerRecords["register"]>[0],
): Promise<Server | Refusal> {
  const { rows } = await sql<ServerRow>`
    insert into server (name, environment, capabilities, last_seen_at)
    values (${name}, ${environment}, ${storableJson(capabilities)}::jsonb, now())
    on conflict (name) do update set
      environment = excluded.environment,
      capabilities = coalesce(excluded.capabilities, server.capabilities),
      last_seen_at = excluded.last_seen_at
    where server.environment in ('', excluded.environment)
    returning ${sql.join(serverColumns.map((column) => sql.ref(`server.${column}`)))}
  `.execute(db);
  const [row] = rows;
  if (row !== undefined) return toServer(row);
  const recorded = await db
    .selectFrom("server")
    .select("environment")
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return failedPrecondition(
    `server ${name} is registered with environment ${recorded.environment}, not with ` +
      `${environment === "" ? "an empty one" : environment}; give the host that environment or another name`,
  );
}

async function createServer(db: Kysely<Tables>, name: string): Promise<Server | Refusal> {
  const row = await db
    .insertInto("server")
    .values({ name })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .returning(serverColumns)
    .executeTakeFirst();
  return row === undefined ? alreadyExists(`there is a server ${name} already`) : toServer(row);
}

async function seen(
  db: Kysely<Tables>,
  serverId: bigint,
  capabilities: Readonly<Record<string, unknown>> | null,
): Promise<Server | null> {
  const { rows } = await sql<ServerRow>`
    update server set
      last_seen_at = now(),
      capabilities = coalesce(${storableJson(capabilities)}::jsonb, capabilities)
    where server_id = ${serverId}
    returning ${sql.join(serverColumns.map((column) => sql.ref(column)))}
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : toServer(row);
}

async function getServer(db: Kysely<Tables>, serverId: bigint): Promise<Server | null> {
  const row = await db
    .selectFrom("server")
    .select(serverColumns)
    .where("server_id", "=", serverId)
    .executeTakeFirst();
  return row === undefined ? null : toServer(row);
}

async function listServers(
  db: Kysely<Tables>,
  { beforeId, limit }: Page,
): Promise<readonly Server[]> {
  const { where, orderBy } = newestFirst({}, "server_id", beforeId);
  const rows = await db
    .selectFrom("server")
    .select(serverColumns)
    .where(where)
    .orderBy(orderBy)
    .limit(limit)
    .execute();
  return rows.map(toServer);
}
