// Starts and changes sessions under the lock of their game, and writes the commands that follow in the same transaction.
import type { HostCommand } from "@manman/core/host-command.ts";
import type { Outcome, Rule } from "@manman/core/ports.ts";
import type { Refusal } from "@manman/core/refusal.ts";
import { liveStatuses } from "@manman/core/session/lifecycle.ts";
import type { Session } from "@manman/core/session/session.ts";
import type {
  SessionBirth,
  StartDecision,
  StartSituation,
} from "@manman/core/session/start-session.ts";
import type { SessionDecision } from "@manman/core/session/stop-session.ts";
import { sql, type Kysely, type Transaction } from "kysely";
import { queueingSteps } from "./command-columns.ts";
import { withFaults } from "./faults.ts";
import { getConfig, lockGame } from "./game-records.ts";
import { timeAt, type Tables } from "./rows.ts";
import { sessionColumns, sessionColumnsOf, toSession, type SessionRow } from "./session-row.ts";
import { storableText } from "./storable-text.ts";

/** See SessionRecords.start. */
export async function startSession(
  db: Kysely<Tables>,
  sgcId: bigint,
  rule: Rule<StartSituation | null, StartDecision>,
): Promise<Session | Refusal> {
  return await withFaults(
    `start a session of server game config ${sgcId}`,
    async () =>
      await db.transaction().execute(async (transaction) => {
        const situation = await lockSituation(transaction, sgcId);
        const decision = rule(situation, await databaseNowMs(transaction));
        if (decision.kind === "refuse") return decision.refusal;
        for (const stop of decision.stops) {
          await writeSession(transaction, stop.session);
          if (stop.command !== undefined) await queueCommand(transaction, stop.command);
        }
        const session = await insertSession(transaction, decision.birth);
        await queueCommand(transaction, decision.command(session.sessionId));
        return session;
      }),
  );
}

/** See SessionRecords.change. */
export async function changeSession(
  db: Kysely<Tables>,
  sessionId: bigint,
  rule: Rule<Session, SessionDecision>,
): Promise<Outcome<Session, SessionDecision> | null> {
  return await withFaults(
    `change session ${sessionId}`,
    async () =>
      await db.transaction().execute(async (transaction) => {
        const locked = await lockSession(transaction, sessionId);
        if (locked === null) return null;
        const decision = rule(locked.session, locked.nowMs);
        if (decision.kind !== "change") return { record: locked.session, decision };
        const change = { ...decision, session: storableSession(decision.session) };
        await writeSession(transaction, change.session);
        if (change.command !== undefined) await queueCommand(transaction, change.command);
        return { record: change.session, decision: change };
      }),
  );
}

/** Everything that writes sessions locks their game first, so that what is read here stays as it is. */
async function lockSituation(
  transaction: Transaction<Tables>,
  sgcId: bigint,
): Promise<StartSituation | null> {
  const game = await lockGame(transaction, sgcId);
  if (game === null) return null;
  const config = await getConfig(transaction, game.configId);
  if (config === null) throw new Error(`game config ${game.configId} is gone`);
  const rows = await transaction
    .selectFrom("session")
    .select(sessionColumns)
    .where("sgc_id", "=", sgcId)
    .where(sql<boolean>`status = any(${liveStatuses}::text[])`)
    .orderBy("session_id")
    .execute();
  return { game, config, live: rows.map(toSession) };
}

/** The game first and then the session, as everybody does: the inner step is done before the row of the outer one is locked. */
async function lockSession(
  transaction: Transaction<Tables>,
  sessionId: bigint,
): Promise<{ readonly session: Session; readonly nowMs: number } | null> {
  const { rows } = await sql<SessionRow & { moment: number }>`
    with game as materialized (
      select sgc_id from server_game_config
      where sgc_id = (select sgc_id from session where session_id = ${sessionId})
      for no key update
    ),
    locked as materialized (
      select session.* from game join session using (sgc_id)
      where session_id = ${sessionId}
      for no key update of session
    )
    select ${sessionColumnsOf("locked")}, clock_timestamp() as moment from locked
  `.execute(transaction);
  const [row] = rows;
  return row === undefined ? null : { session: toSession(row), nowMs: row.moment };
}

async function databaseNowMs(transaction: Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ moment: number }>`
    select clock_timestamp() as moment
  `.execute(transaction);
  return (rows[0] as { moment: number }).moment;
}

async function insertSession(
  transaction: Transaction<Tables>,
  { sgcId, serverId, dueAtMs }: SessionBirth,
): Promise<Session> {
  const row = await transaction
    .insertInto("session")
    .values({
      sgc_id: sgcId,
      server_id: serverId,
      status: "pending",
      due_at: timeAt(dueAtMs),
    })
    .returning(sessionColumns)
    .executeTakeFirstOrThrow();
  return toSession(row);
}

async function writeSession(transaction: Transaction<Tables>, session: Session): Promise<void> {
  await transaction
    .updateTable("session")
    .set({
      status: session.status,
      status_since: timeAt(session.statusSinceMs),
      due_at: timeAt(session.dueAtMs),
      due_tries: session.dueTries,
      started_at: timeAt(session.startedAtMs),
      ended_at: timeAt(session.endedAtMs),
      exit_code: session.exitCode,
      error_message: session.errorMessage,
    })
    .where("session_id", "=", session.sessionId)
    .execute();
}

async function queueCommand(transaction: Transaction<Tables>, command: HostCommand): Promise<void> {
  await sql`with ${queueingSteps(command)} select from numbered`.execute(transaction);
}

/** What the host says may hold what a column cannot. */
function storableSession(session: Session): Session {
  return { ...session, errorMessage: storableText(session.errorMessage) };
}
