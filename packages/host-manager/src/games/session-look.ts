// Looks at one session: its files and its processes, in the order that makes the verdict right whatever changes in between.
import { groupLives } from "./process-group.ts";
import { currentBootId, isAlive } from "./process-identity.ts";
import type { SessionDirectory } from "./session-directory.ts";
import type { SpecRecord } from "./session-records.ts";
import { judgeSession, type SessionVerdict } from "./session-verdict.ts";

/** A session that this host knows. */
export interface SeenSession {
  readonly spec: SpecRecord;
  readonly verdict: Exclude<SessionVerdict, { is: "unrecorded" }>;
}

/**
 * How the session of `directory` stands; undefined when none was ever meant to be started there. An end that nobody is left to
 * record is recorded on the way.
 */
export async function lookAtSession(
  directory: SessionDirectory,
  nowMs: () => number,
): Promise<SeenSession | undefined> {
  const verdict = await judge(directory);
  const settled = verdict.is === "unrecorded" ? await settle(directory, verdict, nowMs()) : verdict;
  // Last: if the directory was retired meanwhile, what was read before may have been read from half of it.
  const spec = await directory.readSpec();
  return spec && { spec, verdict: settled };
}

async function judge(directory: SessionDirectory): Promise<SessionVerdict> {
  const bootId = currentBootId();
  let record = await directory.readSupervisor();
  const supervisorLives =
    record?.supervisor !== undefined && record.bootId === bootId && isAlive(record.supervisor);
  // The supervisor may have recorded its game, and even gone, since the first reading. Now that it is gone, this is its last word.
  if (record !== undefined && !supervisorLives) record = await directory.readSupervisor();
  const gameLives =
    record?.game !== undefined && record.bootId === bootId && groupLives(record.game);
  const exit = await directory.readExit();
  return judgeSession({ record, exit, bootId, supervisorLives, gameLives });
}

async function settle(
  directory: SessionDirectory,
  { how, reason }: Extract<SessionVerdict, { is: "unrecorded" }>,
  endedAtMs: number,
): Promise<Extract<SessionVerdict, { is: "ended" }>> {
  const exit = {
    how,
    exitCode: -1,
    signal: undefined,
    endedAtMs,
    reason,
    faultKind: how === "not-started" ? ("rejected" as const) : undefined,
  };
  await directory.recordExit(exit);
  // Another look may have been the first to record it.
  return { is: "ended", exit: (await directory.readExit()) ?? exit };
}
