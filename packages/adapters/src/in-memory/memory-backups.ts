// The records of backups in memory. Every method does its whole work in one step, which makes it a transaction.
import type { Backup, BackupChange } from "@manman/core/backup/backup.ts";
import { assertSameIdentity } from "@manman/core/backup/backup-identity.ts";
import { holdsOperation } from "@manman/core/backup/lifecycle.ts";
import type {
  BackupBirth,
  BackupRequest,
  BackupSituation,
} from "@manman/core/backup/create-backup.ts";
import { archiveKey } from "@manman/core/object-key.ts";
import type { BackupFilter, BackupRecords, Page } from "@manman/core/ports.ts";
import { backupCommand } from "@manman/core/backup/transition.ts";
import { storableBackup } from "../postgres/storable-backup.ts";
import { storableJson, storableText } from "../postgres/storable-text.ts";
import { memoryDue } from "./memory-due.ts";
import { memoryLeftovers } from "./memory-leftovers.ts";
import { assertSendable, queueCommand, type Surroundings } from "./memory-outbox.ts";
import { assertWhole, nextId, pageOf, type MemoryTables } from "./memory-tables.ts";

export function memoryBackups(surroundings: Surroundings): BackupRecords {
  const { tables, nowMs } = surroundings;
  const change: BackupRecords["change"] = async (backupId, rule) => {
    const before = tables.backups.get(backupId)?.backup;
    if (before === undefined) return null;
    const decision = rule(before, nowMs());
    if (decision.kind !== "change") return { record: before, decision };
    const written = { ...decision, backup: storableBackup(decision.backup) };
    writeChange(surroundings, before, written);
    return { record: written.backup, decision: written };
  };
  return {
    situations: async (requests) => requests.map((request) => situationOf(tables, request)),
    create: async (births, redispatchMs) =>
      births.map((birth) => bear(surroundings, birth, redispatchMs)),
    change,
    changeUnder: async (serverId, backupId, rule) => {
      const server = tables.servers.get(serverId) ?? null;
      return await change(backupId, (backup, now) => rule({ backup, server }, now));
    },
    get: async (backupId) => tables.backups.get(backupId)?.backup ?? null,
    list: async (filter, page) => listBackups(tables, filter, page),
    events: async (backupId, afterSequence, limit) =>
      tables.events
        .filter(({ backup, sequence }) => backup.backupId === backupId && sequence > afterSequence)
        .slice(0, limit)
        .map(({ backup: { attempt }, sequence, atMs, from, to, who, why }) => {
          return { sequence, atMs, from: from?.status ?? null, to, attempt, who, why };
        }),
    operation: async (sgcId) => operationOf(tables, sgcId),
    ...memoryDue(surroundings),
    ...memoryLeftovers(surroundings),
  };
}

function operationOf({ operations }: MemoryTables, sgcId: bigint): BackupSituation["operation"] {
  const backupId = operations.get(sgcId);
  return backupId === undefined ? null : { kind: "backup", backupId };
}

function situationOf(tables: MemoryTables, { target, requestId }: BackupRequest): BackupSituation {
  const session = target.by === "session" ? tables.sessions.get(target.sessionId) : undefined;
  const sgcId = target.by === "sgc" ? target.sgcId : session?.sgcId;
  const game = sgcId === undefined ? undefined : tables.games.get(sgcId)?.game;
  return {
    session:
      session === undefined
        ? null
        : { sessionId: session.sessionId, sgcId: session.sgcId, status: session.status },
    game: game === undefined ? null : { sgcId: game.sgcId, serverId: game.serverId },
    operation: game === undefined ? null : operationOf(tables, game.sgcId),
    earlier: byRequest(tables, requestId),
  };
}

function byRequest({ backups }: MemoryTables, requestId: string | null): Backup | null {
  if (requestId === null) return null;
  const stored = storableText(requestId);
  return [...backups.values()].find(({ backup }) => backup.requestId === stored)?.backup ?? null;
}

function bear(surroundings: Surroundings, birth: BackupBirth, redispatchMs: number): Backup | null {
  const { tables, nowMs } = surroundings;
  const isTaken = tables.operations.has(birth.sgcId);
  if (isTaken || byRequest(tables, birth.requestId) !== null) return null;
  tables.lastBackupId += 1n;
  const backupId = tables.lastBackupId;
  const bornAtMs = nowMs();
  const backup: Backup = {
    ...birth,
    backupId,
    description: storableText(birth.description),
    requestId: birth.requestId && storableText(birth.requestId),
    status: "pending",
    statusSinceMs: bornAtMs,
    attempt: 1,
    objectKey: archiveKey(birth.sgcId, backupId),
    upload: null,
    report: null,
    progress: null,
    failure: null,
    createdAtMs: bornAtMs,
    startedAtMs: null,
    finishedAtMs: null,
    dueAtMs: bornAtMs + redispatchMs,
    dueTries: 0,
  };
  tables.operations.set(birth.sgcId, backupId);
  tables.backups.set(backupId, { backup, visibleAtMs: backup.dueAtMs, eventCount: 1 });
  const event = { backup, sequence: 1, atMs: bornAtMs, from: null, to: "pending" } as const;
  tables.events.push({ ...event, who: "caller", why: "asked for" });
  queueCommand(surroundings, backupCommand(backup));
  return backup;
}

/** Everything that could refuse the change comes before the first write. */
function writeChange(surroundings: Surroundings, before: Backup, change: BackupChange): void {
  const { tables, nowMs } = surroundings;
  const after = withStorableReport(before, change.backup);
  assertSameIdentity(before, after);
  assertWhole(after);
  if (change.command !== undefined) assertSendable(change.command);
  const isTransition = after.status !== before.status || after.attempt !== before.attempt;
  const row = tables.backups.get(after.backupId);
  if (row === undefined) throw new Error(`backup ${after.backupId} is gone`);
  row.backup = after;
  row.visibleAtMs = after.dueAtMs;
  if (isTransition) {
    row.eventCount += 1;
    tables.events.push({
      backup: after,
      sequence: row.eventCount,
      atMs: nowMs(),
      from: { status: before.status, attempt: before.attempt },
      to: after.status,
      who: change.who,
      why: storableText(change.why),
    });
  }
  if (holdsOperation(before.status) && !holdsOperation(after.status)) {
    if (tables.operations.get(after.sgcId) === after.backupId)
      tables.operations.delete(after.sgcId);
  }
  if (change.command !== undefined) queueCommand(surroundings, change.command);
  if (change.leftover !== undefined) {
    const { leftover } = change;
    const leftoverId = nextId(tables);
    const due = { createdAtMs: nowMs(), dueAtMs: nowMs(), tries: 0 };
    tables.leftovers.set(leftoverId, { ...leftover, ...due, leftoverId, backupId: after.backupId });
  }
}

function withStorableReport(before: Backup, after: Backup): Backup {
  const json = after.report === before.report ? null : storableJson(after.report);
  return json === null ? after : { ...after, report: JSON.parse(json) as Backup["report"] };
}

function listBackups(
  { backups }: MemoryTables,
  { sgcId, sessionId, includeDeleted }: BackupFilter,
  page: Page,
): readonly Backup[] {
  const found = [...backups.values()]
    .map(({ backup }) => backup)
    .filter(
      (backup) =>
        (sgcId === null || backup.sgcId === sgcId) &&
        (sessionId === null || backup.sessionId === sessionId) &&
        (includeDeleted || backup.status !== "deleted"),
    );
  return pageOf(found, ({ backupId }) => backupId, page);
}
