// Sessions that tests begin with: one that is whole in each state.
import { isLive, type SessionStatus } from "./lifecycle.ts";
import type { Session } from "./session.ts";

/** Session 456 of game 42 on server 7. */
export function sampleSession(status: SessionStatus, fields: Partial<Session> = {}): Session {
  return {
    sessionId: 456n,
    sgcId: 42n,
    serverId: 7n,
    status,
    createdAtMs: 1_800_000_000_000,
    startedAtMs: status === "pending" || status === "starting" ? null : 1_800_000_001_000,
    endedAtMs: isLive(status) ? null : 1_800_000_002_000,
    exitCode: isLive(status) ? null : 0,
    errorMessage: "",
    restoredFromBackupId: null,
    ...fields,
  };
}
