// The records of sessions in memory.
import type { SessionFilter, SessionRecords } from "@manman/core/ports.ts";
import { isLive } from "@manman/core/session/lifecycle.ts";
import type { Session } from "@manman/core/session/session.ts";
import type { StartSituation } from "@manman/core/session/start-session.ts";
import { storableText } from "../postgres/storable-text.ts";
import { hostStateOf } from "./memory-hosts.ts";
import { assertSendable, queueCommand, type Surroundings } from "./memory-outbox.ts";
import { nextId, pageOf, type MemoryTables } from "./memory-tables.ts";

export function memorySessions(surroundings: Surroundings): SessionRecords {
  const { tables, nowMs } = surroundings;
  const { sessions } = tables;
  const write = (session: Session): Session => {
    const stored = { ...session, errorMessage: storableText(session.errorMessage) };
    sessions.set(stored.sessionId, stored);
    return stored;
  };
  return {
    start: async (sgcId, rule) => {
      const decision = rule(situationOf(tables, sgcId), nowMs());
      if (decision.kind === "refuse") return decision.refusal;
      for (const { session, command } of decision.stops) {
        write(session);
        if (command !== undefined) queueCommand(surroundings, command);
      }
      const session = write({
        ...decision.birth,
        sessionId: nextId(tables),
        status: "pending",
        createdAtMs: nowMs(),
        startedAtMs: null,
        endedAtMs: null,
        exitCode: null,
        errorMessage: "",
        restoredFromBackupId: null,
        statusSinceMs: nowMs(),
        dueTries: 0,
      });
      queueCommand(surroundings, decision.command(session.sessionId));
      return session;
    },
    change: async (sessionId, rule) => {
      const session = sessions.get(sessionId);
      if (session === undefined) return null;
      const decision = rule(session, nowMs());
      if (decision.kind !== "change") return { record: session, decision };
      if (decision.command !== undefined) assertSendable(decision.command);
      const record = write(decision.session);
      if (decision.command !== undefined) queueCommand(surroundings, decision.command);
      return { record, decision: { ...decision, session: record } };
    },
    get: async (sessionId) => sessions.get(sessionId) ?? null,
    due: async (limit, hostOnlineMs) =>
      [...sessions.values()]
        .filter(({ dueAtMs }) => dueAtMs !== null && dueAtMs <= nowMs())
        .toSorted((a, b) => Number(a.dueAtMs) - Number(b.dueAtMs))
        .slice(0, limit)
        .map((session) => ({
          session,
          host: hostStateOf(surroundings, session.serverId, hostOnlineMs),
        })),
    list: async (filter, page) => {
      const found = [...sessions.values()].filter((session) => matches(filter, session));
      return pageOf(found, ({ sessionId }) => sessionId, page);
    },
  };
}

function situationOf(tables: MemoryTables, sgcId: bigint): StartSituation | null {
  const game = tables.games.get(sgcId)?.game;
  if (game === undefined) return null;
  const config = tables.configs.get(game.configId);
  if (config === undefined) throw new Error(`game config ${game.configId} is gone`);
  const live = [...tables.sessions.values()].filter(
    (session) => session.sgcId === sgcId && isLive(session.status),
  );
  return { game, config, live };
}

function matches(filter: SessionFilter, session: Session): boolean {
  const { sgcId, serverId, statuses, startedAfterMs, startedBeforeMs } = filter;
  const { startedAtMs } = session;
  return (
    (sgcId === null || session.sgcId === sgcId) &&
    (serverId === null || session.serverId === serverId) &&
    (statuses.length === 0 || statuses.includes(session.status)) &&
    (startedAfterMs === null || (startedAtMs !== null && startedAtMs > startedAfterMs)) &&
    (startedBeforeMs === null || (startedAtMs !== null && startedAtMs < startedBeforeMs))
  );
}
