// One session as lines for people.
import type { Session } from "@manman/contract/generated/manman/v1/session_pb.ts";
import { timeText } from "./quantities.ts";
import { oneLine } from "./table.ts";

export const sessionHeadings = ["ID", "STATUS", "SGC", "STARTED", "ENDED", "EXIT", "ERROR"];

const ended = ["stopped", "crashed", "completed"];

export function sessionHasEnded(session: Session): boolean {
  return ended.includes(session.status);
}

export function sessionRow(session: Session): string[] {
  return [
    String(session.sessionId),
    session.status,
    String(session.serverGameConfigId),
    timeText(session.startedAt),
    timeText(session.endedAt),
    sessionHasEnded(session) ? String(session.exitCode) : "",
    session.errorMessage,
  ];
}

/** `session 7 is running`, with the reason where it crashed. */
export function sessionSentence(session: Session): string {
  const why = session.errorMessage === "" ? "" : `: ${oneLine(session.errorMessage)}`;
  const exit = sessionHasEnded(session) ? ` with exit code ${session.exitCode}` : "";
  return `session ${session.sessionId} is ${session.status}${exit}${why}`;
}
