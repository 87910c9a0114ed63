// Compares what lies in the bucket with the records, a page at a time, and reports what does not match; it touches nothing. Where it has come to
// is on record with each page: whoever takes the next turn, in this control plane or another, goes on from there.
import {
  backupIdsIn,
  comparedUpTo,
  judgeObjects,
  judgeUploads,
  stillListed,
  surveyedPrefix,
  surveyPageMax,
  type BucketFinding,
  type SurveyLimits,
  type UploadPlace,
} from "@manman/core/bucket-survey.ts";
import { isAway } from "@manman/core/fault.ts";
import type {
  BucketListing,
  BucketSurvey,
  Clock,
  Records,
  SurveyedPage,
  SurveyPlace,
  SurveyTurn,
} from "@manman/core/ports.ts";
import { logFailure, type Log } from "./log.ts";
import { startLoop, type Loop } from "./loop.ts";

const pollMs = 10_000;
/** Before a page that the store was away for is looked at again. */
const awayWaitMs = 30_000;
/** The same where it answered with a no, which only a person may change. */
const failedWaitMs = 300_000;
/** So many findings of a kind that the log names. */
const namedMax = 10;

type Needs = {
  readonly records: Pick<Records, "survey">;
  readonly listing: BucketListing;
  /** Throws an `away` Fault unless the bucket is known to be ours. */
  readonly requireOurs: () => void;
  readonly limits: SurveyLimits;
  /** Default: `surveyPageMax`. */
  readonly pageSize?: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
};

type Page = Omit<SurveyedPage, "waitMs">;

/** A wake begins with what was asked for at once. Stopping does not wait for the store: a page that was not recorded is looked at again. */
export function startBucketSurvey(needs: Needs): Loop {
  const { records, limits, clock, random, log } = needs;
  const startedAtMs = clock.elapsedMs();
  const stopped = Promise.withResolvers<null>();

  /** Kept while the database is away, so that a short absence costs no turn. */
  let inHand: { readonly turn: SurveyTurn; readonly page: SurveyedPage } | null = null;

  const round = async (): Promise<number> => {
    inHand ??= await nextPage();
    if (inHand === null) return pollMs;
    const { turn, page } = inHand;
    const survey = await records.survey.record(turn, page);
    inHand = null;
    if (survey === null || survey.finishedAtMs === null) return Math.min(page.waitMs, pollMs);
    await tellOutcome(survey, needs);
    return pollMs;
  };
  const nextPage = async (): Promise<typeof inHand> => {
    const mayBegin = clock.elapsedMs() - startedAtMs >= limits.startDelayMs;
    const turn = await records.survey.take(mayBegin ? limits.everyMs : null, limits.turnHoldMs);
    return turn === null ? null : { turn, page: await pageOrWait(turn.place) };
  };
  /** A page that cannot be had gives the turn back, and the same place is looked at later. */
  const pageOrWait = async (place: SurveyPlace): Promise<SurveyedPage> => {
    const none = { objects: 0, uploads: 0, findings: [], next: place };
    try {
      const page = await Promise.race([stopped.promise, pageAt(place, needs)]);
      return { ...(page ?? none), waitMs: limits.pageEveryMs };
    } catch (error) {
      logFailure(log, {}, error, "the survey of the bucket pauses");
      return { ...none, waitMs: isAway(error) ? awayWaitMs : failedWaitMs };
    }
  };

  const loop = startLoop({ name: "survey of the bucket", round, clock, random, log });
  return {
    wake: loop.wake,
    stop: async () => {
      stopped.resolve(null);
      await loop.stop();
    },
  };
}

async function pageAt(place: SurveyPlace, needs: Needs): Promise<Page> {
  needs.requireOurs();
  return place.phase === "objects"
    ? await objectPage(place.afterKey, needs)
    : await uploadPage(place.after, needs);
}

/** The records are asked after the store, so that an object which is listed has its record by then. */
async function objectPage(
  afterKey: string | null,
  { records: { survey }, listing, limits, pageSize = surveyPageMax }: Needs,
): Promise<Page> {
  const page = await listing.listObjects(surveyedPrefix, afterKey, pageSize);
  const lastKey = page.isLast ? null : (page.objects.at(-1)?.objectKey ?? null);
  const completed = await survey.completed(afterKey, lastKey, pageSize);
  const upTo = comparedUpTo(lastKey, completed, pageSize);
  // The key of a record, which has the same place in any order of text.
  const isCut = upTo !== null && upTo !== lastKey;
  const objects = isCut ? page.objects.filter(({ objectKey }) => objectKey <= upTo) : page.objects;
  const known = await survey.known(backupIdsIn(objects));
  return {
    objects: objects.length,
    uploads: 0,
    findings: judgeObjects(objects, completed, known, limits.graceMs),
    next: upTo === null ? { phase: "uploads", after: null } : { phase: "objects", afterKey: upTo },
  };
}

async function uploadPage(
  after: UploadPlace | null,
  { records: { survey }, listing, limits, pageSize = surveyPageMax }: Needs,
): Promise<Page> {
  const list = async () => await listing.listOpenUploads(surveyedPrefix, after, pageSize);
  const { uploads, next } = await list();
  const known = await survey.known(backupIdsIn(uploads));
  const found = judgeUploads(uploads, known, limits.graceMs);
  const findings = found.length === 0 ? found : stillListed(found, (await list()).uploads);
  return {
    objects: 0,
    uploads: uploads.length,
    findings,
    next: next === null ? null : { phase: "uploads", after: next },
  };
}

async function tellOutcome(survey: BucketSurvey, { records, log }: Needs): Promise<void> {
  const { surveyId, objects, uploads, unknownObjects, unknownUploads, missingObjects } = survey;
  const fields = {
    survey_id: surveyId,
    objects,
    uploads,
    unknown_objects: unknownObjects,
    unknown_uploads: unknownUploads,
    missing_objects: missingObjects,
  };
  if (unknownObjects + unknownUploads + missingObjects === 0) {
    log.info(fields, "the bucket and the records agree");
    return;
  }
  const first = (await records.survey.findings(surveyId, 0n, namedMax)).map(nameOf);
  log.warn({ ...fields, first }, "the bucket and the records differ; nothing was touched");
}

function nameOf({ kind, objectKey, uploadId }: BucketFinding): string {
  return uploadId === null ? `${kind} ${objectKey}` : `${kind} ${objectKey} ${uploadId}`;
}
