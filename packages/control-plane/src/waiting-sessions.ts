// Looks at the sessions that are due: their hosts have to begin or to end them, and have not said so.
import { lookAtSession } from "@manman/core/session/look-at-session.ts";
import type { Session } from "@manman/core/session/session.ts";
import { startCommand } from "@manman/core/session/start-session.ts";
import type { Records } from "@manman/core/ports.ts";
import { heartbeatsMissedMax, type HostState } from "@manman/core/server.ts";
import type { RuleSurroundings } from "./rule-surroundings.ts";
import type { WorkSlots } from "./work-slots.ts";

type Needs = RuleSurroundings & {
  readonly records: Pick<Records, "sessions" | "games">;
  readonly slots: Pick<WorkSlots, "offer">;
  readonly wakeRelay: () => void;
  readonly heartbeatMs: number;
};

/** Offers the work on up to `limit` of them. Those that are still at work come up again, and are not offered twice. */
export async function lookAtDueSessions(limit: number, needs: Needs): Promise<void> {
  const due = await needs.records.sessions.due(limit, needs.heartbeatMs * heartbeatsMissedMax);
  for (const { session, host } of due) {
    needs.slots.offer(`session ${session.sessionId}`, async () => {
      await lookAtOne(session, host, needs);
    });
  }
}

async function lookAtOne(
  { sessionId, sgcId, serverId }: Session,
  host: HostState,
  { records, circumstances, wakeRelay, log }: Needs,
): Promise<void> {
  const game = await records.games.getGame(sgcId);
  const config = game && (await records.games.getConfig(game.configId));
  if (game === null || config === null) throw new Error(`session ${sessionId} has no game`);
  const look = { host, startCommand: startCommand(sessionId, game, config) };
  const outcome = await records.sessions.change(sessionId, (session, nowMs) =>
    lookAtSession(session, look, circumstances(nowMs)),
  );
  if (outcome?.decision.kind !== "change") return;
  const { status, dueAtMs, errorMessage: why } = outcome.record;
  const fields = { session_id: sessionId, server_id: serverId, status };
  if (dueAtMs === null) log.warn({ ...fields, why }, "a session is given up");
  else
    log.debug(
      { ...fields, host_is_online: host.isOnline, host_problem: host.problem },
      "a session waits",
    );
  if (outcome.decision.command !== undefined) wakeRelay();
}
