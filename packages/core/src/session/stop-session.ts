// Asking a session to end, and sending input to one.
import type { HostCommand } from "../host-command.ts";
import { failedPrecondition, type Refusal } from "../refusal.ts";
import { isLive } from "./lifecycle.ts";
import type { Session } from "./session.ts";
import { sessionIn, type SessionCircumstances } from "./session-transition.ts";

/** The next record of a session with the command that goes out in the same transaction. */
export type SessionChange = {
  readonly kind: "change";
  readonly session: Session;
  readonly command?: HostCommand;
};

export type SessionDecision =
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "keep"; readonly why: string }
  | SessionChange;

/** A session that has ended stays as it is; one that is stopping is told again, should the first word have been lost. */
export function askToStop(session: Session, circumstances: SessionCircumstances): SessionDecision {
  if (!isLive(session.status)) return { kind: "keep", why: `the session is ${session.status}` };
  const stopping = sessionIn(session, "stopping", circumstances);
  return { kind: "change", session: stopping, command: stopCommand(session) };
}

export function stopCommand({ serverId, sgcId, sessionId }: Session): HostCommand {
  return { kind: "stop", serverId, sgcId, sessionId };
}

export function sendInput(session: Session, input: Uint8Array): SessionDecision {
  if (session.status !== "running") {
    return {
      kind: "refuse",
      refusal: failedPrecondition(
        `session ${session.sessionId} is ${session.status}; only a running session takes input`,
      ),
    };
  }
  const { serverId, sgcId, sessionId } = session;
  return { kind: "change", session, command: { kind: "input", serverId, sgcId, sessionId, input } };
}
