// What a host's report on a game changes. The host knows the process best, so its word counts, but never backwards.
import { sessionMayFollow, type SessionStatus } from "./lifecycle.ts";
import type { Session } from "./session.ts";
import { sessionIn, type SessionCircumstances } from "./session-transition.ts";
import type { SessionDecision } from "./stop-session.ts";

export type SessionReport = {
  readonly status: SessionStatus;
  readonly exitCode: number | null;
  readonly errorMessage: string;
};

export function takeSessionReport(
  session: Session,
  report: SessionReport,
  circumstances: SessionCircumstances,
): SessionDecision {
  const { nowMs } = circumstances;
  const status = endAsked(session, report.status);
  if (!sessionMayFollow(session.status, status)) {
    return { kind: "keep", why: `${session.status} cannot become ${status}` };
  }
  const ended = status === "stopped" || status === "crashed" || status === "completed";
  return {
    kind: "change",
    session: {
      ...sessionIn(session, status, circumstances),
      startedAtMs: session.startedAtMs ?? (status === "running" ? nowMs : null),
      endedAtMs: ended ? nowMs : null,
      exitCode: ended ? report.exitCode : null,
      errorMessage: report.errorMessage,
    },
  };
}

/** A game that ends after it was asked to has stopped, whatever its exit code says of how. */
function endAsked(session: Session, reported: SessionStatus): SessionStatus {
  const wasAsked = session.status === "stopping";
  return wasAsked && (reported === "crashed" || reported === "completed") ? "stopped" : reported;
}
