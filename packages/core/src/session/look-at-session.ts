// What happens to a session whose host has not said a word of it in time: its command goes out again, and in the end it is given up.
// Without that, a command that is lost with a rebuilt host's journal would leave the session waiting for ever.
import { redispatchWaitMs } from "../backup/limits.ts";
import type { HostCommand } from "../host-command.ts";
import { becauseOf, isTroubled, type HostState } from "../server.ts";
import type { Session } from "./session.ts";
import { sessionIn, type SessionCircumstances } from "./session-transition.ts";
import { stopCommand, type SessionDecision } from "./stop-session.ts";

/** What bears on a look at a session. */
export type SessionLook = {
  readonly host: HostState;
  /** The session's start, as it is sent first. */
  readonly startCommand: HostCommand;
};

/** A repeated command has a number of its own, so that the host takes it in the order in which it was sent, and drops earlier copies. */
export function lookAtSession(
  session: Session,
  look: SessionLook,
  circumstances: SessionCircumstances,
): SessionDecision {
  const { nowMs, limits } = circumstances;
  const { status, dueAtMs, dueTries } = session;
  if (dueAtMs === null) return { kind: "keep", why: `the session is ${status}` };
  if (dueAtMs > nowMs) return { kind: "keep", why: "looked at meanwhile" };
  const isStopping = status === "stopping";
  const waitedMs = nowMs - session.statusSinceMs;
  // A host that is there and does not bring the end about may have a game that goes on: nobody may say that it has ended.
  const mayGiveUp = !isStopping || !look.host.isOnline;
  if (waitedMs >= limits.dispatchDeadlineMs && mayGiveUp) {
    return givenUp(session, waitedMs, look.host, circumstances);
  }
  if (!isStopping && isTroubled(look.host)) {
    // It would hand the start back; a stop it takes in.
    return { kind: "change", session: { ...session, dueAtMs: nowMs + limits.redispatchMs } };
  }
  const next = {
    ...session,
    dueAtMs: nowMs + redispatchWaitMs(dueTries, limits),
    dueTries: dueTries + 1,
  };
  if (!look.host.isOnline) return { kind: "change", session: next };
  const command = isStopping ? stopCommand(session) : look.startCommand;
  return { kind: "change", session: next, command };
}

function givenUp(
  session: Session,
  waitedMs: number,
  look: HostState,
  circumstances: SessionCircumstances,
): SessionDecision {
  const isStopping = session.status === "stopping";
  const waited = `within ${(waitedMs / 3_600_000).toFixed(1)} h`;
  const host = `no host manager of server ${session.serverId}`;
  const ended = {
    ...sessionIn(session, isStopping ? "stopped" : "crashed", circumstances),
    endedAtMs: circumstances.nowMs,
    exitCode: -1,
    errorMessage: isStopping
      ? `${host} said ${waited} that it has ended`
      : `${host} began it ${waited}${becauseOf(look)}`,
  };
  // The start may still wait in the host's queue: what it began then would be nobody's.
  return isStopping
    ? { kind: "change", session: ended }
    : { kind: "change", session: ended, command: stopCommand(session) };
}
