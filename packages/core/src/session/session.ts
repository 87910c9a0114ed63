// What the control plane knows of one run of a game.
import type { SessionStatus } from "./lifecycle.ts";

/** The record of one session. Times are unix milliseconds of the database's clock; null means unset. */
export type Session = {
  readonly sessionId: bigint;
  readonly sgcId: bigint;
  readonly serverId: bigint;
  readonly status: SessionStatus;
  /** When it came into its present state. */
  readonly statusSinceMs: number;
  readonly createdAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Null until the process has ended; -1 when nobody saw it end. */
  readonly exitCode: number | null;
  readonly errorMessage: string;
  readonly restoredFromBackupId: bigint | null;
  /** When the reconciler must look at it next; null in states that may last for ever. */
  readonly dueAtMs: number | null;
  /** How often the reconciler looked at the present state. */
  readonly dueTries: number;
};
