// The records of game hosts.
import { Fault } from "@manman/core/fault.ts";
import type { Page, ServerRecords } from "@manman/core/ports.ts";
import { alreadyExists, failedPrecondition, type Refusal } from "@manman/core/refusal.ts";
import { refuseInstance } from "@manman/core/server-instance.ts";
import type { Server } from "@manman/core/server.ts";
import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from "kysely";
import { withFaults } from "./faults.ts";
import { newestFirst } from "./newest-first.ts";
import type { Tables } from "./rows.ts";
import { storableJson, storableText } from "./storable-text.ts";

export function serverRecords(db: Kysely<Tables>): ServerRecords {
  return {
    register: async (host, hostOnlineMs) =>
      await withFaults(
        `register server ${host.name}`,
        async () => await register(db, host, hostOnlineMs),
      ),
    create: async (name) =>
      await withFaults(`create server ${name}`, async () => await createServer(db, name)),
    seen: async (serverId, capabilities) =>
      await withFaults(
        `note that server ${serverId} was seen`,
        async () => await seen(db, serverId, capabilities),
      ),
    seenBy: async (serverId, instanceId, hostOnlineMs, hostProblem) =>
      await withFaults(
        `note that the host manager of server ${serverId} was seen`,
        async () => await seenBy(db, serverId, instanceId, hostOnlineMs, hostProblem),
      ),
    forgetInstance: async (serverId, readmit) =>
      await withFaults(
        `take server ${serverId} from its host manager`,
        async () => await forgetInstance(db, serverId, readmit),
      ),
    get: async (serverId) =>
      await withFaults(`get server ${serverId}`, async () => await getServer(db, serverId)),
    getByName: async (name) =>
      await withFaults(`get server ${name}`, async () => await getServerByName(db, name)),
    list: async (page) => await withFaults("list servers", async () => await listServers(db, page)),
  };
}

const serverColumns = [
  "server_id",
  "name",
  "environment",
  "is_default",
  "last_seen_at",
  "instance_id",
  "former_instance_id",
  "host_problem",
] as const;

const serverFields = sql.join(serverColumns.map((column) => sql.ref(`server.${column}`)));

type ServerRow = Pick<Selectable<Tables["server"]>, (typeof serverColumns)[number]>;

function toServer(row: ServerRow): Server {
  return {
    serverId: row.server_id,
    name: row.name,
    environment: row.environment,
    isDefault: row.is_default,
    lastSeenAtMs: row.last_seen_at,
    instanceId: row.instance_id,
    formerInstanceId: row.former_instance_id,
    hostProblem: row.host_problem,
  };
}

/** One statement, so that hosts that register at the same moment under one name get one server. It answers nothing where it refuses. */
async function register(
  db: Kysely<Tables>,
  { name, environment, capabilities, instanceId }: Parameters<ServerRecords["register"]>[0],
  hostOnlineMs: number,
): Promise<Server | Refusal> {
  const { rows } = await sql<ServerRow>`
    insert into server (name, environment, capabilities, last_seen_at, instance_id)
    values (${name}, ${environment}, ${storableJson(capabilities)}::jsonb, now(), ${instanceId})
    on conflict (name) do update set
      environment = excluded.environment,
      capabilities = coalesce(excluded.capabilities, server.capabilities),
      last_seen_at = excluded.last_seen_at,
      instance_id = coalesce(excluded.instance_id, server.instance_id)
    where server.environment in ('', excluded.environment) and ${belongsTo(instanceId)}
    returning ${serverFields}
  `.execute(db);
  const [row] = rows;
  if (row !== undefined) return toServer(row);
  const recorded = await readServer(db, sql`name = ${name}`);
  if (recorded === null) throw changedMeanwhile(name);
  const { server } = recorded;
  if (server.environment === "" || server.environment === environment) {
    return refusalOf(recorded, instanceId ?? "", hostOnlineMs);
  }
  return failedPrecondition(
    `server ${name} is registered with environment ${server.environment}, not with ` +
      `${environment === "" ? "an empty one" : environment}; give the host that environment or another name`,
  );
}

/** What `isDisowned` of core denies, as a condition on the row. */
function belongsTo(instanceId: string | null): RawBuilder<boolean> {
  if (instanceId === null) return sql<boolean>`true`;
  return sql<boolean>`coalesce(
    server.instance_id = ${instanceId},
    server.former_instance_id is distinct from ${instanceId}
  )`;
}

/** Why a server was not given to a host manager. Another call may have changed that since; then the same call is worth repeating. */
function refusalOf(
  { server, nowMs }: ServerNow,
  instanceId: string,
  hostOnlineMs: number,
): Refusal {
  const refusal = refuseInstance(server, instanceId, { nowMs, hostOnlineMs });
  if (refusal === null) throw changedMeanwhile(server.name);
  return refusal;
}

function changedMeanwhile(name: string): Fault {
  return new Fault("away", `server ${name} was changed at the same moment`);
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
    returning ${serverFields}
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : toServer(row);
}

async function seenBy(
  db: Kysely<Tables>,
  serverId: bigint,
  instanceId: string,
  hostOnlineMs: number,
  hostProblem: string,
): Promise<Server | Refusal | null> {
  const { rows } = await sql<ServerRow>`
    update server set last_seen_at = now(), instance_id = ${instanceId},
      host_problem = ${storableText(hostProblem)}
    where server_id = ${serverId} and ${belongsTo(instanceId)}
    returning ${serverFields}
  `.execute(db);
  const [row] = rows;
  if (row !== undefined) return toServer(row);
  const recorded = await readServer(db, sql`server_id = ${serverId}`);
  return recorded === null ? null : refusalOf(recorded, instanceId, hostOnlineMs);
}

async function forgetInstance(
  db: Kysely<Tables>,
  serverId: bigint,
  readmit: boolean,
): Promise<Server | null> {
  const former = readmit ? sql`null` : sql`coalesce(instance_id, former_instance_id)`;
  const { rows } = await sql<ServerRow>`
    update server set instance_id = null, former_instance_id = ${former}, host_problem = ''
    where server_id = ${serverId}
    returning ${serverFields}
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : toServer(row);
}

async function getServer(db: Kysely<Tables>, serverId: bigint): Promise<Server | null> {
  return (await readServer(db, sql`server_id = ${serverId}`))?.server ?? null;
}

async function getServerByName(db: Kysely<Tables>, name: string): Promise<Server | null> {
  return (await readServer(db, sql`name = ${name}`))?.server ?? null;
}

type ServerNow = { readonly server: Server; readonly nowMs: number };

async function readServer(
  db: Kysely<Tables>,
  which: RawBuilder<unknown>,
): Promise<ServerNow | null> {
  const { rows } = await sql<ServerRow & { now: number }>`
    select ${serverFields}, clock_timestamp() as now from server where ${which}
  `.execute(db);
  const [row] = rows;
  return row === undefined ? null : { server: toServer(row), nowMs: row.now };
}

/** The server, which nobody changes until the transaction ends; others may hold it too. */
export async function holdServer(
  transaction: Transaction<Tables>,
  serverId: bigint,
): Promise<Server | null> {
  const row = await transaction
    .selectFrom("server")
    .select(serverColumns)
    .where("server_id", "=", serverId)
    .forShare()
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
