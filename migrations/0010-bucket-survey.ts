// What lies in the bucket against what the records say: the survey that is under way, the one before, and what they found.
import { sql, type Kysely } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  await createSurvey(db);
  await createFinding(db);
  await createIndexes(db);
}

async function createSurvey(db: Kysely<unknown>): Promise<void> {
  // turn counts the takers of pages: only the last one may write. visible_at is when the next page may be taken.
  // after_key and after_upload_id are where the next page begins; null: with the first one.
  await sql`
    create table bucket_survey (
      survey_id bigint generated always as identity primary key,
      begun_at timestamptz not null default now(),
      finished_at timestamptz,
      phase text not null default 'objects' check (phase in ('objects', 'uploads')),
      after_key text,
      after_upload_id text,
      turn bigint not null default 0,
      visible_at timestamptz not null default now(),
      objects bigint not null default 0,
      uploads bigint not null default 0,
      unknown_objects bigint not null default 0,
      unknown_uploads bigint not null default 0,
      missing_objects bigint not null default 0,
      constraint bucket_survey_place_is_whole check (
        (after_upload_id is not null) = (phase = 'uploads' and after_key is not null)
      )
    )
  `.execute(db);
  await sql`
    create unique index bucket_survey_under_way on bucket_survey ((true)) where finished_at is null
  `.execute(db);
}

async function createFinding(db: Kysely<unknown>): Promise<void> {
  // backup_id is that of the record that bears the key; at is the time of the object, the upload or the backup's end.
  await sql`
    create table bucket_finding (
      finding_id bigint generated always as identity primary key,
      survey_id bigint not null references bucket_survey on delete cascade,
      kind text not null check (kind in ('unknown_object', 'unknown_upload', 'missing_object')),
      object_key text not null,
      upload_id text,
      size_bytes bigint,
      at timestamptz not null,
      backup_id bigint,
      constraint bucket_finding_upload_is_named check (
        (upload_id is not null) = (kind = 'unknown_upload')
      )
    )
  `.execute(db);
  await sql`create index bucket_finding_by_survey on bucket_finding (survey_id, finding_id)`.execute(
    db,
  );
}

async function createIndexes(db: Kysely<unknown>): Promise<void> {
  // In the byte order in which stores list keys.
  await sql`
    create index backup_completed_key on backup (object_key collate "C") where status = 'completed'
  `.execute(db);
  await sql`create index leftover_by_backup on leftover (backup_id)`.execute(db);
}
