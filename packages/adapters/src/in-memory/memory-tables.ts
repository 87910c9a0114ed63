// The tables of records that live in this process alone. What PostgreSQL keeps by its constraints is asserted here, so that a rule that
// breaks one is found in either.
import type { Actor, Backup, Leftover } from "@manman/core/backup/backup.ts";
import { holdsOperation, type BackupStatus } from "@manman/core/backup/lifecycle.ts";
import type { BucketFinding } from "@manman/core/bucket-survey.ts";
import type { HostCommand } from "@manman/core/host-command.ts";
import type { BucketSurvey, SurveyPlace } from "@manman/core/ports.ts";
import type { GameConfig, Server, ServerGameConfig } from "@manman/core/server.ts";
import type { Session } from "@manman/core/session/session.ts";

export type BackupRow = {
  backup: Backup;
  /** When takers see the record next: its due time, or later while one of them holds it. */
  visibleAtMs: number | null;
  eventCount: number;
};

/** One transition. `backup` is the record after it. */
export type BackupEvent = {
  readonly backup: Backup;
  readonly sequence: number;
  readonly atMs: number;
  /** Null at birth. */
  readonly from: Pick<Backup, "status" | "attempt"> | null;
  readonly to: BackupStatus;
  readonly who: Actor;
  readonly why: string;
};

export type OutboxRow = {
  readonly outboxId: bigint;
  readonly messageId: string;
  readonly command: HostCommand;
  readonly sequence: bigint;
  readonly createdAtMs: number;
  dueAtMs: number;
  tries: number;
  /** A relay has it in hand. */
  isLocked: boolean;
};

export type LeftoverRow = Leftover & {
  readonly leftoverId: bigint;
  readonly backupId: bigint;
  readonly createdAtMs: number;
  dueAtMs: number;
  tries: number;
};

export type SurveyRow = {
  survey: BucketSurvey;
  place: SurveyPlace;
  turn: bigint;
  visibleAtMs: number;
  readonly findings: (BucketFinding & { readonly findingId: bigint })[];
};

export type MemoryTables = {
  readonly servers: Map<bigint, Server>;
  readonly configs: Map<bigint, GameConfig>;
  readonly games: Map<bigint, { readonly game: ServerGameConfig; commandSequence: bigint }>;
  readonly sessions: Map<bigint, Session>;
  readonly backups: Map<bigint, BackupRow>;
  /** By server game config: the backup that holds its lock. */
  readonly operations: Map<bigint, bigint>;
  readonly events: BackupEvent[];
  readonly outbox: Map<bigint, OutboxRow>;
  readonly leftovers: Map<bigint, LeftoverRow>;
  /** The last one that was finished and the one that is under way. */
  readonly surveys: Map<bigint, SurveyRow>;
  /** Made at the first look. */
  installation: { readonly installationId: string; readonly createdAtMs: number } | null;
  /** The highest backup id that was handed out. */
  lastBackupId: bigint;
  /** The highest id of any other table. */
  lastId: bigint;
};

export function emptyTables(): MemoryTables {
  return {
    servers: new Map(),
    configs: new Map(),
    games: new Map(),
    sessions: new Map(),
    backups: new Map(),
    operations: new Map(),
    events: [],
    outbox: new Map(),
    leftovers: new Map(),
    surveys: new Map(),
    installation: null,
    lastBackupId: 0n,
    lastId: 0n,
  };
}

export function nextId(tables: MemoryTables): bigint {
  tables.lastId += 1n;
  return tables.lastId;
}

/** Throws where a record would be stuck or only half there. */
export function assertWhole(backup: Backup): void {
  const { status, upload, report, finishedAtMs, dueAtMs } = backup;
  const isUnderWay = holdsOperation(status);
  const problem =
    status === "running" && upload === null
      ? "runs without an upload"
      : status === "verifying" && (upload === null || report === null)
        ? "is verified without upload or report"
        : isUnderWay !== (finishedAtMs === null)
          ? "has an end that its state does not have"
          : (isUnderWay || status === "deleting") !== (dueAtMs !== null)
            ? "is looked after where nobody has to, or not where somebody must"
            : null;
  if (problem !== null) throw new Error(`backup ${backup.backupId}: ${status}, ${problem}`);
}

/** The newest of those below an id. */
export function pageOf<T>(
  rows: Iterable<T>,
  idOf: (row: T) => bigint,
  { beforeId, limit }: { readonly beforeId: bigint | null; readonly limit: number },
): T[] {
  return [...rows]
    .filter((row) => beforeId === null || idOf(row) < beforeId)
    .toSorted((a, b) => Number(idOf(b) - idOf(a)))
    .slice(0, limit);
}
