// Surveys of the bucket: whose turn it is, how far it has come, and what it found.
import { findingsKeptMax, type BucketFinding } from "@manman/core/bucket-survey.ts";
import type {
  BucketSurvey,
  SurveyedPage,
  SurveyPlace,
  SurveyRecords,
  SurveyTurn,
} from "@manman/core/ports.ts";
import { sql, type Kysely, type Transaction } from "kysely";
import { withFaults } from "./faults.ts";
import { interval, type Tables } from "./rows.ts";
import { storablePlace, storableText } from "./storable-text.ts";
import { completedBackups, knownBackups } from "./surveyed-backups.ts";

export function surveyRecords(db: Kysely<Tables>): SurveyRecords {
  return {
    request: async () =>
      await withFaults("ask for a survey", async () => {
        await sql`insert into bucket_survey default values on conflict do nothing`.execute(db);
        const { underWay, finished } = await surveysOf(db);
        const survey = underWay ?? finished;
        if (survey === null) throw new Error("a survey that was asked for is not there");
        return survey;
      }),
    take: async (everyMs, holdMs) =>
      await withFaults("take a turn of the survey", async () => await take(db, everyMs, holdMs)),
    known: async (backupIds) =>
      await withFaults("look up backups", async () => await knownBackups(db, backupIds)),
    completed: async (afterKey, upToKey, limit) =>
      await withFaults(
        "list completed backups by their keys",
        async () => await completedBackups(db, afterKey, upToKey, limit),
      ),
    record: async (turn, page) =>
      await withFaults(
        `record a page of survey ${turn.surveyId}`,
        async () =>
          await db
            .transaction()
            .execute(async (transaction) => await record(transaction, turn, page)),
      ),
    surveys: async () => await withFaults("get the surveys", async () => await surveysOf(db)),
    findings: async (surveyId, afterId, limit) =>
      await withFaults(
        `list the findings of survey ${surveyId}`,
        async () => await findingsOf(db, surveyId, afterId, limit),
      ),
  };
}

type SurveyRow = {
  readonly survey_id: bigint;
  readonly begun_at: number;
  readonly finished_at: number | null;
  readonly objects: bigint;
  readonly uploads: bigint;
  readonly unknown_objects: bigint;
  readonly unknown_uploads: bigint;
  readonly missing_objects: bigint;
};

type TurnRow = {
  readonly survey_id: bigint;
  readonly turn: bigint;
  readonly phase: SurveyPlace["phase"];
  readonly after_key: string | null;
  readonly after_upload_id: string | null;
};

async function take(
  db: Kysely<Tables>,
  everyMs: number | null,
  holdMs: number,
): Promise<SurveyTurn | null> {
  const { rows } = await sql<TurnRow>`
    update bucket_survey set turn = turn + 1, visible_at = now() + ${interval(holdMs)}
    where finished_at is null and visible_at <= now()
    returning survey_id, turn, phase, after_key, after_upload_id
  `.execute(db);
  const [row] = rows;
  if (row !== undefined) {
    return { surveyId: row.survey_id, turn: row.turn, place: placeOf(row) };
  }
  if (everyMs !== null) {
    await sql`
      insert into bucket_survey (objects)
      select 0 where not exists (
        select 1 from bucket_survey
        where finished_at is null or begun_at > now() - ${interval(everyMs)}
      )
      on conflict do nothing
    `.execute(db);
  }
  return null;
}

async function record(
  transaction: Transaction<Tables>,
  { surveyId, turn }: SurveyTurn,
  { objects, uploads, findings, next, waitMs }: SurveyedPage,
): Promise<BucketSurvey | null> {
  const { rows: held } = await sql<{ found: bigint }>`
    select unknown_objects + unknown_uploads + missing_objects as found from bucket_survey
    where survey_id = ${surveyId} and turn = ${turn} and finished_at is null
    for no key update
  `.execute(transaction);
  const [row] = held;
  if (row === undefined) return null;
  const room = Math.max(0, findingsKeptMax - Number(row.found));
  await keep(transaction, surveyId, findings.slice(0, room));
  const count = (kind: BucketFinding["kind"]): number =>
    findings.filter((finding) => finding.kind === kind).length;
  const place = next ?? { phase: "uploads", after: null };
  const { rows } = await sql<SurveyRow>`
    update bucket_survey set
      turn = turn + 1,
      finished_at = case when ${next === null} then now() end,
      phase = ${place.phase},
      after_key = ${place.phase === "objects" ? placeText(place.afterKey) : placeText(place.after?.objectKey)},
      after_upload_id = ${place.phase === "objects" ? null : placeText(place.after?.uploadId)},
      visible_at = now() + ${interval(waitMs)},
      objects = objects + ${objects},
      uploads = uploads + ${uploads},
      unknown_objects = unknown_objects + ${count("unknown_object")},
      unknown_uploads = unknown_uploads + ${count("unknown_upload")},
      missing_objects = missing_objects + ${count("missing_object")}
    where survey_id = ${surveyId}
    returning ${surveyColumns}
  `.execute(transaction);
  if (next === null) {
    await sql`delete from bucket_survey where survey_id < ${surveyId}`.execute(transaction);
  }
  const [after] = rows;
  return after === undefined ? null : toSurvey(after);
}

async function keep(
  transaction: Transaction<Tables>,
  surveyId: bigint,
  findings: readonly BucketFinding[],
): Promise<void> {
  if (findings.length === 0) return;
  const column = <Value>(pick: (finding: BucketFinding) => Value): Value[] => findings.map(pick);
  await sql`
    insert into bucket_finding (survey_id, kind, object_key, upload_id, size_bytes, at, backup_id)
    select ${surveyId}, kind, object_key, upload_id, size_bytes, to_timestamp(at_ms / 1000), backup_id
    from unnest(
      ${column(({ kind }) => kind)}::text[],
      ${column(({ objectKey }) => storableText(objectKey))}::text[],
      ${column(({ uploadId }) => uploadId && storableText(uploadId))}::text[],
      ${column(({ sizeBytes }) => sizeBytes)}::bigint[],
      ${column(({ atMs }) => atMs)}::double precision[],
      ${column(({ backupId }) => backupId)}::bigint[]
    ) as found (kind, object_key, upload_id, size_bytes, at_ms, backup_id)
  `.execute(transaction);
}

const surveyColumns = sql.join(
  [
    "survey_id",
    "begun_at",
    "finished_at",
    "objects",
    "uploads",
    "unknown_objects",
    "unknown_uploads",
    "missing_objects",
  ].map((column) => sql.ref(column)),
);

/** There are never more than two. */
async function surveysOf(db: Kysely<Tables>): ReturnType<SurveyRecords["surveys"]> {
  const { rows } = await sql<SurveyRow>`
    select ${surveyColumns} from bucket_survey order by survey_id desc limit 2
  `.execute(db);
  const surveys = rows.map(toSurvey);
  return {
    finished: surveys.find(({ finishedAtMs }) => finishedAtMs !== null) ?? null,
    underWay: surveys.find(({ finishedAtMs }) => finishedAtMs === null) ?? null,
  };
}

async function findingsOf(
  db: Kysely<Tables>,
  surveyId: bigint,
  afterId: bigint,
  limit: number,
): ReturnType<SurveyRecords["findings"]> {
  const { rows } = await sql<{
    finding_id: bigint;
    kind: BucketFinding["kind"];
    object_key: string;
    upload_id: string | null;
    size_bytes: bigint | null;
    at: number;
    backup_id: bigint | null;
  }>`
    select finding_id, kind, object_key, upload_id, size_bytes, at, backup_id from bucket_finding
    where survey_id = ${surveyId} and finding_id > ${afterId}
    order by survey_id, finding_id
    limit ${limit}
  `.execute(db);
  return rows.map((row) => ({
    findingId: row.finding_id,
    kind: row.kind,
    objectKey: row.object_key,
    uploadId: row.upload_id,
    sizeBytes: row.size_bytes === null ? null : Number(row.size_bytes),
    atMs: row.at,
    backupId: row.backup_id,
  }));
}

function toSurvey(row: SurveyRow): BucketSurvey {
  return {
    surveyId: row.survey_id,
    begunAtMs: row.begun_at,
    finishedAtMs: row.finished_at,
    objects: Number(row.objects),
    uploads: Number(row.uploads),
    unknownObjects: Number(row.unknown_objects),
    unknownUploads: Number(row.unknown_uploads),
    missingObjects: Number(row.missing_objects),
  };
}

function placeOf({ phase, after_key, after_upload_id }: TurnRow): SurveyPlace {
  if (phase === "objects") return { phase, afterKey: after_key };
  const isFirst = after_key === null || after_upload_id === null;
  return { phase, after: isFirst ? null : { objectKey: after_key, uploadId: after_upload_id } };
}

function placeText(place: string | null | undefined): string | null {
  return place === null || place === undefined ? null : storablePlace(place);
}
