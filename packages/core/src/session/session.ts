// What the control plane knows of one run of a game.
import type { SessionStatus } from "./lifecycle.ts";

/** The record of one session. Times are unix milliseconds of the database's clock; null means unset. */
export type Session = {
  readonly sessionId: bigint;
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly status: SessionStatus;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Null until the process has ended; -1 when nobody saw it end. */
  readonly exitCode: number | null;
  readonly errorMessage: string;
  readonly restoredFromBackupId: bigint | null;
};
