// How a session's game stands, judged from what is on disk and which processes live. Pure, so that every crash is a row of a table.
import type { GameEnd } from "./game-runner.ts";
import type { ProcessIdentity } from "./process-identity.ts";
import type { ExitRecord, SupervisorRecord } from "./session-records.ts";

/** What is known. `exit` must have been read after the processes were looked at: a supervisor writes it before it goes. */
export interface SessionEvidence {
  readonly record: SupervisorRecord | undefined;
  readonly exit: ExitRecord | undefined;
  readonly bootId: string;
  /** Whether the supervisor of `record` lives. */
  readonly supervisorLives: boolean;
  /** Whether any process of the game of `record` lives. */
  readonly gameLives: boolean;
}

export type SessionVerdict =
  /** Nobody has claimed it: no supervisor came up, yet. */
  | { readonly is: "unclaimed" }
  /** A supervisor is about to start the game. */
  | { readonly is: "starting" }
  | {
      readonly is: "running";
      readonly game: ProcessIdentity & { readonly startedAtMs: number };
      readonly supervised: boolean;
    }
  | { readonly is: "ended"; readonly exit: ExitRecord }
  /** It is over, and nobody is left who could record that: the one who judges must. */
  | { readonly is: "unrecorded"; readonly how: GameEnd["how"]; readonly reason: string };

export function judgeSession(evidence: SessionEvidence): SessionVerdict {
  const { record, exit } = evidence;
  if (exit !== undefined) return { is: "ended", exit };
  if (record === undefined) return { is: "unclaimed" };
  if (record.supervisor === undefined) {
    return {
      is: "unrecorded",
      how: "not-started",
      reason: "it was called off before its program ran",
    };
  }
  const sameBoot = record.bootId === evidence.bootId;
  if (record.game === undefined) {
    if (sameBoot && evidence.supervisorLives) return { is: "starting" };
    // The gate: a program runs only after its process was recorded.
    return {
      is: "unrecorded",
      how: "not-started",
      reason: "its supervisor ended before its program ran",
    };
  }
  if (!sameBoot) {
    return { is: "unrecorded", how: "lost", reason: "the machine restarted while it ran" };
  }
  if (evidence.supervisorLives || evidence.gameLives) {
    return { is: "running", game: record.game, supervised: evidence.supervisorLives };
  }
  return {
    is: "unrecorded",
    how: "lost",
    reason: "its supervisor was killed, so nobody saw how it ended",
  };
}
