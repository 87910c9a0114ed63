// Writes new backups, many at a time: the hottest path there is, so that one statement does it all.
import type { Backup } from "@manman/core/backup/backup.ts";
import type {
  BackupBirth,
  BackupRequest,
  BackupSituation,
} from "@manman/core/backup/create-backup.ts";
import { sql, type Kysely } from "kysely";
import { backupColumnsOf, toBackup, type BackupRow } from "./backup-row.ts";
import { brokenUnique, withFaults } from "./faults.ts";
import { interval, type Tables } from "./rows.ts";
import { storableText } from "./storable-text.ts";

type SituationRow = BackupRow & {
  readonly asked_session_id: bigint | null;
  readonly asked_session_sgc_id: bigint;
  readonly asked_session_status: NonNullable<BackupSituation["session"]>["status"];
  readonly game_sgc_id: bigint | null;
  readonly game_server_id: bigint;
  readonly operation_kind: "backup";
  readonly operation_backup_id: bigint | null;
};

/**
 * See BackupRecords.situations. The limits say nothing new about keys; they keep each lookup one by its index, whatever the planner
 * believes about the size of the tables.
 */
export async function backupSituations(
  db: Kysely<Tables>,
  requests: readonly BackupRequest[],
): Promise<readonly BackupSituation[]> {
  const sessionIds = requests.map(({ target }) =>
    target.by === "session" ? target.sessionId : null,
  );
  const sgcIds = requests.map(({ target }) => (target.by === "sgc" ? target.sgcId : null));
  const requestIds = requests.map(({ requestId }) => requestId && storableText(requestId));
  const { rows } = await withFaults(
    "look up what bears on new backups",
    async () =>
      await sql<SituationRow>`
        select
          session.session_id as asked_session_id,
          session.sgc_id as asked_session_sgc_id,
          session.status as asked_session_status,
          game.sgc_id as game_sgc_id,
          game.server_id as game_server_id,
          operation.kind as operation_kind,
          operation.backup_id as operation_backup_id,
          ${backupColumnsOf("earlier")}
        from unnest(${sessionIds}::bigint[], ${sgcIds}::bigint[], ${requestIds}::text[])
          with ordinality as asked (session_id, sgc_id, request_id, place)
        left join lateral (
          select session_id, sgc_id, status from session
          where session.session_id = asked.session_id limit 1
        ) as session on true
        left join lateral (
          select sgc_id, server_id from server_game_config
          where server_game_config.sgc_id = coalesce(session.sgc_id, asked.sgc_id) limit 1
        ) as game on true
        left join lateral (
          select kind, backup_id from operation where operation.sgc_id = game.sgc_id limit 1
        ) as operation on true
        left join lateral (
          select * from backup where backup.request_id = asked.request_id limit 1
        ) as earlier on true
        order by asked.place
      `.execute(db),
  );
  return rows.map(toSituation);
}

function toSituation(row: SituationRow): BackupSituation {
  return {
    session:
      row.asked_session_id === null
        ? null
        : {
            sessionId: row.asked_session_id,
            sgcId: row.asked_session_sgc_id,
            status: row.asked_session_status,
          },
    game:
      row.game_sgc_id === null ? null : { sgcId: row.game_sgc_id, serverId: row.game_server_id },
    operation:
      row.operation_backup_id === null
        ? null
        : { kind: row.operation_kind, backupId: row.operation_backup_id },
    earlier: (row.backup_id as bigint | null) === null ? null : toBackup(row),
  };
}

/** See BackupRecords.create. */
export async function createBackups(
  db: Kysely<Tables>,
  births: readonly BackupBirth[],
  redispatchMs: number,
): Promise<readonly (Backup | null)[]> {
  const places = withoutDoubles(births);
  const made: (Backup | null)[] = births.map(() => null);
  // A request id that another transaction takes at the same moment breaks the whole statement. The next try sees it and leaves that
  // birth out, so that each try has one birth less to stumble over.
  for (let tries = 0; ; tries += 1) {
    try {
      const rows = await withFaults(
        "create backups",
        async () => await insertBirths(db, births, places, redispatchMs),
      );
      for (const row of rows) made[Number(row.place)] = toBackup(row);
      return made;
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (brokenUnique(cause) !== "backup_by_request" || tries >= births.length) throw error;
    }
  }
}

/** The places of the births of which none before is for the same game or by the same request. */
function withoutDoubles(births: readonly BackupBirth[]): readonly number[] {
  const games = new Set<bigint>();
  const requests = new Set<string>();
  return [...births.keys()].filter((place) => {
    const { sgcId, requestId } = births[place] as BackupBirth;
    if (games.has(sgcId) || (requestId !== null && requests.has(requestId))) return false;
    games.add(sgcId);
    if (requestId !== null) requests.add(requestId);
    return true;
  });
}

/**
 * Locks are taken in the order of the games, so that two batches never wait for each other in a circle. The steps of one
 * statement do not see each other's rows, only what they return; that is why the lock comes first and all else follows from
 * what it returned. The key is built as archiveKey of core builds it.
 */
async function insertBirths(
  db: Kysely<Tables>,
  births: readonly BackupBirth[],
  places: readonly number[],
  redispatchMs: number,
): Promise<readonly (BackupRow & { readonly place: bigint })[]> {
  const chosen = places.map((place) => births[place] as BackupBirth);
  const requestIds = chosen.map(({ requestId }) => requestId && storableText(requestId));
  const { rows } = await sql<BackupRow & { place: bigint }>`
    with asked as materialized (
      select nextval('backup_id_sequence') as backup_id, given.*
      from unnest(
        ${places}::bigint[],
        ${chosen.map(({ sgcId }) => sgcId)}::bigint[],
        ${chosen.map(({ serverId }) => serverId)}::bigint[],
        ${chosen.map(({ sessionId }) => sessionId)}::bigint[],
        ${chosen.map(({ description }) => storableText(description))}::text[],
        ${requestIds}::text[]
      ) as given (place, sgc_id, server_id, session_id, description, request_id)
    ),
    taken as (
      insert into operation (sgc_id, kind, backup_id)
      select sgc_id, 'backup', backup_id from asked
      where request_id is null or request_id <> all (
        array(select request_id from backup where request_id = any(${requestIds}::text[]))
      )
      order by sgc_id
      on conflict (sgc_id) do nothing
      returning backup_id
    ),
    born as (
      insert into backup
        (backup_id, sgc_id, server_id, session_id, description, request_id, status, object_key,
          due_at, visible_at, event_count)
      overriding system value
      select backup_id, sgc_id, server_id, session_id, description, request_id, 'pending',
        'backups/' || sgc_id || '/' || backup_id || '.tar.gz',
        now() + ${interval(redispatchMs)}, now() + ${interval(redispatchMs)}, 1
      from taken join asked using (backup_id)
      returning *
    ),
    logged as (
      insert into backup_event (backup_id, sequence, from_status, to_status, attempt, who, why)
      select backup_id, 1, null, status, attempt, 'caller', 'asked for' from born
    ),
    numbered as (
      update server_game_config set command_sequence = command_sequence + 1
      where sgc_id = any(array(select sgc_id from born))
      returning sgc_id, command_sequence
    ),
    queued as (
      insert into outbox
        (server_id, sgc_id, sequence, kind, session_id, backup_id, attempt, object_key)
      select server_id, sgc_id, command_sequence, 'backup', session_id, backup_id, attempt, object_key
      from born join numbered using (sgc_id)
    )
    select asked.place, ${backupColumnsOf("born")} from born join asked using (backup_id)
  `.execute(db);
  return rows;
}
