// What tests of sessions begin with: one session that is whole in each state, and the circumstances of a rule.
import { isLive, sessionEndedBy, type SessionStatus } from "./lifecycle.ts";
import type { Session } from "./session.ts";
import type { SessionCircumstances } from "./session-transition.ts";

/** When a waiting session of these is due. */
export const sampleNowMs = 1_800_000_030_000;

export const sampleCircumstances: SessionCircumstances = {
  nowMs: sampleNowMs,
  limits: { redispatchMs: 30_000, dispatchDeadlineMs: 86_400_000 },
};

/** Session 456 of game 42 on server 7. */
export function sampleSession(status: SessionStatus, fields: Partial<Session> = {}): Session {
  return {
    sessionId: 456n,
    sgcId: 42n,
    serverId: 7n,
    status,
    statusSinceMs: 1_800_000_000_000,
    createdAtMs: 1_800_000_000_000,
    startedAtMs: status === "pending" || status === "starting" ? null : 1_800_000_001_000,
    endedAtMs: isLive(status) ? null : 1_800_000_002_000,
    exitCode: isLive(status) ? null : 0,
    errorMessage: "",
    restoredFromBackupId: null,
    dueAtMs: sessionEndedBy(status) === null ? null : 1_800_000_030_000,
    dueTries: 0,
    ...fields,
  };
}
