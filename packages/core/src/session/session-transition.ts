// Builds the next record of a session: with a new state come its time and, where somebody must end the state, the next look at it.
import type { BackupLimits } from "../backup/limits.ts";
import { sessionEndedBy, type SessionStatus } from "./lifecycle.ts";
import type { Session } from "./session.ts";

/** What a rule knows besides the record: the database's time, and the limits in force. */
export type SessionCircumstances = {
  readonly nowMs: number;
  readonly limits: Pick<BackupLimits, "redispatchMs" | "dispatchDeadlineMs">;
};

/** The record in that state, which may be the one that it has. */
export function sessionIn(
  session: Session,
  status: SessionStatus,
  { nowMs, limits }: SessionCircumstances,
): Session {
  if (session.status === status) return session;
  const dueAtMs = sessionEndedBy(status) === null ? null : nowMs + limits.redispatchMs;
  return { ...session, status, statusSinceMs: nowMs, dueAtMs, dueTries: 0 };
}
