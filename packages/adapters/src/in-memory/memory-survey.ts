// Surveys of the bucket among records in memory.
import {
  findingsKeptMax,
  type BucketFinding,
  type KnownBackup,
} from "@manman/core/bucket-survey.ts";
import type { BucketSurvey, SurveyRecords } from "@manman/core/ports.ts";
import { storableText } from "../postgres/storable-text.ts";
import type { Surroundings } from "./memory-outbox.ts";
import { nextId, type MemoryTables, type SurveyRow } from "./memory-tables.ts";

export function memorySurvey({ tables, nowMs }: Surroundings): SurveyRecords {
  const { surveys } = tables;
  return {
    request: async () => (underWay(tables) ?? begin(tables, nowMs())).survey,

    take: async (everyMs, holdMs) => {
      const row = underWay(tables);
      if (row === null) {
        const isDue = ![...surveys.values()].some(
          ({ survey }) => everyMs === null || survey.begunAtMs > nowMs() - everyMs,
        );
        if (everyMs !== null && isDue) begin(tables, nowMs());
        return null;
      }
      if (row.visibleAtMs > nowMs()) return null;
      row.turn += 1n;
      row.visibleAtMs = nowMs() + holdMs;
      return { surveyId: row.survey.surveyId, turn: row.turn, place: row.place };
    },

    known: async (backupIds) => {
      const known = [...new Set(backupIds)].flatMap((id) => knownBackup(tables, id));
      return { nowMs: nowMs(), known };
    },

    completed: async (afterKey, upToKey, limit) =>
      [...tables.backups.values()]
        .map(({ backup }) => backup)
        .filter(({ status }) => status === "completed")
        .filter(({ objectKey }) => inByteOrder(objectKey, afterKey ?? "") > 0)
        .filter(({ objectKey }) => upToKey === null || inByteOrder(objectKey, upToKey) <= 0)
        .toSorted((one, other) => inByteOrder(one.objectKey, other.objectKey))
        .slice(0, limit)
        .map(({ backupId, objectKey, report, statusSinceMs }) => {
          const sizeBytes = report?.sizeBytes ?? null;
          return { backupId, objectKey, sizeBytes, completedAtMs: statusSinceMs };
        }),

    record: async ({ surveyId, turn }, { objects, uploads, findings, next, waitMs }) => {
      const row = surveys.get(surveyId);
      if (row === undefined || row.turn !== turn || row.survey.finishedAtMs !== null) return null;
      row.turn += 1n;
      const stored = findings.map((finding) => ({
        ...storable(finding),
        findingId: nextId(tables),
      }));
      row.findings.push(...stored.slice(0, Math.max(0, findingsKeptMax - row.findings.length)));
      const count = (kind: BucketFinding["kind"]): number =>
        findings.filter((finding) => finding.kind === kind).length;
      row.survey = {
        ...row.survey,
        finishedAtMs: next === null ? nowMs() : null,
        objects: row.survey.objects + objects,
        uploads: row.survey.uploads + uploads,
        unknownObjects: row.survey.unknownObjects + count("unknown_object"),
        unknownUploads: row.survey.unknownUploads + count("unknown_upload"),
        missingObjects: row.survey.missingObjects + count("missing_object"),
      };
      if (next !== null) row.place = next;
      row.visibleAtMs = nowMs() + waitMs;
      if (next === null) for (const id of surveys.keys()) if (id < surveyId) surveys.delete(id);
      return row.survey;
    },

    surveys: async () => {
      const finished = [...surveys.values()].find(({ survey }) => survey.finishedAtMs !== null);
      return { finished: finished?.survey ?? null, underWay: underWay(tables)?.survey ?? null };
    },

    findings: async (surveyId, afterId, limit) =>
      (surveys.get(surveyId)?.findings ?? [])
        .filter(({ findingId }) => findingId > afterId)
        .slice(0, limit),
  };
}

function underWay({ surveys }: MemoryTables): SurveyRow | null {
  return [...surveys.values()].find(({ survey }) => survey.finishedAtMs === null) ?? null;
}

function begin(tables: MemoryTables, begunAtMs: number): SurveyRow {
  const survey: BucketSurvey = {
    surveyId: nextId(tables),
    begunAtMs,
    finishedAtMs: null,
    objects: 0,
    uploads: 0,
    unknownObjects: 0,
    unknownUploads: 0,
    missingObjects: 0,
  };
  const place = { phase: "objects", afterKey: null } as const;
  const row = { survey, place, turn: 0n, visibleAtMs: begunAtMs, findings: [] };
  tables.surveys.set(survey.surveyId, row);
  return row;
}

function knownBackup({ backups, leftovers }: MemoryTables, id: bigint): readonly KnownBackup[] {
  const backup = backups.get(id)?.backup;
  if (backup === undefined) return [];
  const { backupId, objectKey, status, statusSinceMs } = backup;
  const leftoverUploads = [...leftovers.values()]
    .filter((leftover) => leftover.backupId === backupId)
    .map(({ uploadId }) => uploadId);
  return [{ backupId, objectKey, status, statusSinceMs, leftoverUploads }];
}

function storable(finding: BucketFinding): BucketFinding {
  const { objectKey, uploadId } = finding;
  return {
    ...finding,
    objectKey: storableText(objectKey),
    uploadId: uploadId && storableText(uploadId),
  };
}

function inByteOrder(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
