// The loop that surveys the bucket, on records and a store in memory and on a clock of the test's own: pages, successors, pauses, and what
// changes between two questions.
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { memoryRecords } from "@manman/adapters/in-memory/memory-records.ts";
import { emptyTables } from "@manman/adapters/in-memory/memory-tables.ts";
import { startBucketSurvey } from "@manman/control-plane/bucket-survey.ts";
import { recordedLog, type LogLine } from "@manman/control-plane/recorded-log.ts";
import { defaultSurveyLimits, type SurveyLimits } from "@manman/core/bucket-survey.ts";
import type { Backup } from "@manman/core/backup/backup.ts";
import { Fault } from "@manman/core/fault.ts";
import type { BucketListing, BucketSurvey, Clock, Records } from "@manman/core/ports.ts";
import { expect, onTestFinished, test } from "vitest";
import {
  changed,
  pendingBackup,
  rewritten,
  runningBackup,
} from "../conformance/records/fixtures.ts";
import { until } from "../harness/until.ts";
import { simListing } from "../simulation/bucket-listing.ts";
import { ObjectStore } from "../simulation/store.ts";

const hourMs = 3_600_000;

/** A bucket and its records; time passes only where somebody sleeps. */
class Place {
  timeMs = 1_000 * hourMs;
  readonly store = new ObjectStore(() => this.timeMs);
  readonly records: Records = memoryRecords({
    tables: emptyTables(),
    nowMs: () => this.timeMs,
    newId: randomUUID,
  });
  readonly listing: BucketListing = simListing(this.store, async (_what, work) => work());
  readonly clock: Clock = {
    nowMs: () => this.timeMs,
    elapsedMs: () => this.timeMs,
    sleep: async (ms, signal) => {
      if (signal?.aborted !== true) this.timeMs += ms;
      await setImmediate();
    },
  };

  put(objectKey: string): void {
    this.store.objects.set(objectKey, {
      bytes: new Uint8Array(5),
      etag: '"e"',
      uploadId: "none",
      storedAtMs: this.timeMs,
    });
  }

  async completed(): Promise<Backup> {
    const { backupId } = await runningBackup(this.records);
    return await changed(this.records, backupId, (backup, nowMs) => {
      const ended = { status: "completed", statusSinceMs: nowMs, finishedAtMs: nowMs } as const;
      return rewritten(backup, { ...ended, dueAtMs: null, upload: null });
    });
  }

  /** Surveys until the test has ended; answers how to end it before, and its log. */
  survey(
    more: {
      readonly records?: Pick<Records, "survey">;
      readonly listing?: Partial<BucketListing>;
      readonly limits?: Partial<SurveyLimits>;
      readonly pageSize?: number;
      readonly requireOurs?: () => void;
    } = {},
  ): { readonly lines: readonly LogLine[]; readonly stop: () => Promise<void> } {
    const { log, lines } = recordedLog();
    const loop = startBucketSurvey({
      records: more.records ?? this.records,
      listing: { ...this.listing, ...more.listing },
      requireOurs: more.requireOurs ?? (() => {}),
      // One survey: time runs ahead of whoever looks at what it found.
      limits: { ...defaultSurveyLimits, everyMs: 100_000 * hourMs, ...more.limits },
      pageSize: more.pageSize ?? 2,
      clock: this.clock,
      random: () => 0,
      log,
    });
    onTestFinished(loop.stop);
    return { lines, stop: loop.stop };
  }

  async finished(): Promise<BucketSurvey> {
    return await until(async () => (await this.records.survey.surveys()).finished ?? undefined, {
      what: "a survey is finished",
    });
  }

  async findings({ surveyId }: BucketSurvey): Promise<string[]> {
    const found = await this.records.survey.findings(surveyId, 0n, 1_000);
    return found.map(({ kind, objectKey, uploadId }) =>
      [kind, objectKey, ...(uploadId === null ? [] : [uploadId])].join(" "),
    );
  }
}

/** Seven backups that own an object each, four that miss theirs, three objects and three uploads of nobody, one upload that is under way; all of it old. */
async function mixedPlace(): Promise<{ place: Place; expected: string[] }> {
  const place = new Place();
  const backups: Backup[] = [];
  for (let n = 0; n < 11; n += 1) backups.push(await place.completed());
  // In the order of the keys, so that those without an object are neighbours.
  const keys = backups.map(({ objectKey }) => objectKey).toSorted();
  for (const key of keys.slice(0, 7)) place.put(key);
  const foreign = ["backups/0", "backups/999/5.tar.gz", "backups/\u{1f5fb}"];
  for (const key of [...foreign, "elsewhere/x"]) place.put(key);
  const uploads = ["backups/0", "backups/0", "backups/zz"].map(
    (key) => `unknown_upload ${key} ${place.store.open(key)}`,
  );
  place.store.open((await pendingBackup(place.records)).objectKey);
  place.timeMs += 2 * hourMs;
  const expected = [
    ...foreign.map((key) => `unknown_object ${key}`),
    ...keys.slice(7).map((key) => `missing_object ${key}`),
    ...uploads,
  ];
  return { place, expected: expected.toSorted() };
}

test.each([1, 2, 3, 5, 1_000])(
  "in pages of %i a survey counts everything once, and finds what belongs to nobody and what is missing",
  async (pageSize) => {
    const { place, expected } = await mixedPlace();
    place.survey({ pageSize });
    const survey = await place.finished();
    expect((await place.findings(survey)).toSorted()).toEqual(expected);
    expect(survey).toMatchObject({
      objects: 10,
      uploads: 4,
      unknownObjects: 3,
      unknownUploads: 3,
      missingObjects: 4,
    });
  },
);

test("a survey says how it ended, with the first names, and one that found nothing says so", async () => {
  const { place, expected } = await mixedPlace();
  const { lines } = place.survey();
  await place.finished();
  const told = await until(
    async () => lines.find(({ sentence }) => sentence.startsWith("the bucket and the records")),
    { what: "it is told" },
  );
  expect(told).toMatchObject({
    level: "warn",
    fields: { unknown_objects: 3, unknown_uploads: 3, missing_objects: 4, objects: 10, uploads: 4 },
  });
  expect(new Set(told.fields["first"] as string[])).toEqual(new Set(expected));

  const empty = new Place();
  const quiet = empty.survey();
  await empty.finished();
  await until(async () => quiet.lines.at(-1)?.sentence === "the bucket and the records agree", {
    what: "it is told",
  });
});

test("a survey that was ended in the middle goes on from its last page, not from the start", async () => {
  const { place, expected } = await mixedPlace();
  const third = Promise.withResolvers<void>();
  let calls = 0;
  const first = place.survey({
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        calls += 1;
        if (calls < 3) return await place.listing.listObjects(prefix, afterKey, limit);
        third.resolve();
        return await new Promise<never>(() => {});
      },
    },
  });
  await third.promise;
  await first.stop();
  const { finished, underWay } = await place.records.survey.surveys();
  expect({ finished, objects: underWay?.objects }).toEqual({ finished: null, objects: 4 });
  const asked: (string | null)[] = [];
  place.survey({
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        asked.push(afterKey);
        return await place.listing.listObjects(prefix, afterKey, limit);
      },
    },
  });
  const survey = await place.finished();
  expect(asked).not.toContain(null);
  expect(survey).toMatchObject({ objects: 10, uploads: 4 });
  expect((await place.findings(survey)).toSorted()).toEqual(expected);
});

test("a page that its taker died with is looked at by another", async () => {
  const { place, expected } = await mixedPlace();
  await place.records.survey.request();
  expect(await place.records.survey.take(null, 120_000)).not.toBeNull();
  const diedAtMs = place.timeMs;
  place.survey();
  const survey = await place.finished();
  expect((await place.findings(survey)).toSorted()).toEqual(expected);
  expect(place.timeMs - diedAtMs).toBeGreaterThanOrEqual(120_000);
});

test("three side by side make one survey between them", async () => {
  const { place, expected } = await mixedPlace();
  for (let n = 0; n < 3; n += 1) place.survey();
  const survey = await place.finished();
  expect(survey).toMatchObject({ objects: 10, uploads: 4 });
  expect((await place.findings(survey)).toSorted()).toEqual(expected);
});

test("while the store is away, and while it is not known whose bucket it is, the survey pauses, and then goes on", async () => {
  const { place, expected } = await mixedPlace();
  let [calls, questions] = [0, 0];
  const { lines } = place.survey({
    requireOurs: () => {
      questions += 1;
      if (questions < 3) throw new Fault("away", "whose bucket");
    },
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        calls += 1;
        if (calls > 1 && calls < 5) throw new Fault("away", "list");
        return await place.listing.listObjects(prefix, afterKey, limit);
      },
    },
  });
  const survey = await place.finished();
  expect((await place.findings(survey)).toSorted()).toEqual(expected);
  const pauses = lines.filter(({ sentence }) => sentence === "the survey of the bucket pauses");
  expect(pauses).toHaveLength(5);
});

test("a page that could not be recorded at once is recorded later, and once", async () => {
  const { place, expected } = await mixedPlace();
  let records = 0;
  const { survey } = place.records;
  place.survey({
    records: {
      survey: {
        ...survey,
        record: async (turn, page) => {
          records += 1;
          if (records === 2) throw new Fault("away", "before");
          const answer = await survey.record(turn, page);
          if (records === 4) throw new Fault("away", "after");
          return answer;
        },
      },
    },
  });
  const done = await place.finished();
  expect(done).toMatchObject({ objects: 10, uploads: 4 });
  expect((await place.findings(done)).toSorted()).toEqual(expected);
  expect(done.finishedAtMs ?? 0).toBeLessThan(done.begunAtMs + 60_000);
});

test("stopping does not wait for a store that does not answer", async () => {
  const place = new Place();
  const listing = Promise.withResolvers<never>();
  const asked = Promise.withResolvers<void>();
  const survey = place.survey({
    listing: {
      listObjects: async () => {
        asked.resolve();
        return await listing.promise;
      },
    },
  });
  await asked.promise;
  await survey.stop();
  expect(await place.records.survey.surveys()).toMatchObject({ underWay: { objects: 0 } });
});

test("the first survey begins a while after the start, and the next a day later", async () => {
  const place = new Place();
  const startedAtMs = place.timeMs;
  const begunAtMs: number[] = [];
  place.survey({
    limits: { everyMs: 24 * hourMs },
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        begunAtMs.push(place.timeMs);
        return await place.listing.listObjects(prefix, afterKey, limit);
      },
    },
  });
  await until(() => begunAtMs.length >= 2, { what: "two surveys have begun" });
  const [first = 0, second = 0] = begunAtMs;
  expect(first - startedAtMs).toBeGreaterThanOrEqual(300_000);
  expect(first - startedAtMs).toBeLessThanOrEqual(320_000);
  expect(second - first).toBeGreaterThanOrEqual(24 * hourMs);
  expect(second - first).toBeLessThanOrEqual(24 * hourMs + 60_000);
});

test("one that is never due begins when it is asked for, and at no other time", async () => {
  const place = new Place();
  const startedAtMs = place.timeMs;
  place.survey({ limits: { everyMs: null } });
  await until(async () => place.timeMs > startedAtMs + 100 * hourMs, { what: "days have passed" });
  expect(await place.records.survey.surveys()).toEqual({ finished: null, underWay: null });
  const { surveyId } = await place.records.survey.request();
  expect((await place.finished()).surveyId).toBe(surveyId);
});

test("a backup that completes between the two questions is neither unknown nor missing", async () => {
  const place = new Place();
  let late: Backup | null = null;
  place.survey({
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        const page = await place.listing.listObjects(prefix, afterKey, limit);
        late ??= await place.completed();
        place.put(late.objectKey);
        return page;
      },
    },
  });
  expect(await place.findings(await place.finished())).toEqual([]);
  expect(late).not.toBeNull();
});

test("a backup that is deleted between the two questions is neither unknown nor missing", async () => {
  const place = new Place();
  const { backupId, objectKey } = await place.completed();
  place.put(objectKey);
  place.timeMs += 2 * hourMs;
  place.survey({
    listing: {
      listObjects: async (prefix, afterKey, limit) => {
        const page = await place.listing.listObjects(prefix, afterKey, limit);
        place.store.remove(objectKey);
        await changed(place.records, backupId, (backup, nowMs) =>
          rewritten(backup, { status: "deleted", statusSinceMs: nowMs }),
        );
        return page;
      },
    },
  });
  const survey = await place.finished();
  expect(survey.objects).toBe(1);
  expect(await place.findings(survey)).toEqual([]);
});

test("an upload that was cleared away between the two questions is not unknown", async () => {
  const place = new Place();
  const { objectKey } = await place.completed();
  place.put(objectKey);
  const uploadId = place.store.open(objectKey);
  const stays = place.store.open(objectKey);
  place.timeMs += 2 * hourMs;
  place.survey({
    listing: {
      listOpenUploads: async (prefix, after, limit) => {
        const page = await place.listing.listOpenUploads(prefix, after, limit);
        place.store.abort(objectKey, uploadId);
        return page;
      },
    },
  });
  const survey = await place.finished();
  expect(survey.uploads).toBe(2);
  expect(await place.findings(survey)).toEqual([`unknown_upload ${objectKey} ${stays}`]);
});
