// SurveyRecords: turns, and what they bring.
import type { BucketFinding } from "@manman/core/bucket-survey.ts";
import type { Records, SurveyedPage, SurveyTurn } from "@manman/core/ports.ts";
import { describe, expect, test, vi } from "vitest";
import type { MakeRecords } from "../records.ts";
import { farOffMs, present } from "./fixtures.ts";

const object: BucketFinding = {
  kind: "unknown_object",
  objectKey: "backups/notes.txt",
  uploadId: null,
  sizeBytes: 12,
  atMs: 1_700_000_000_123,
  backupId: null,
};
const upload: BucketFinding = {
  ...object,
  kind: "unknown_upload",
  uploadId: "u-1",
  sizeBytes: null,
};
const missing: BucketFinding = {
  ...object,
  kind: "missing_object",
  objectKey: "backups/1/5.tar.gz",
  backupId: 5n,
};

const half: SurveyedPage = {
  objects: 3,
  uploads: 0,
  findings: [object, missing],
  next: { phase: "objects", afterKey: "backups/notes.txt" },
  waitMs: 0,
};
const end: SurveyedPage = { objects: 0, uploads: 2, findings: [upload], next: null, waitMs: 0 };

/** The next turn, of a survey that was asked for. */
async function turnOf({ survey }: Records, holdMs = farOffMs): Promise<SurveyTurn> {
  await survey.request();
  return present(await survey.take(null, holdMs));
}

export function surveyConformance(makeRecords: MakeRecords): void {
  describe("surveys", () => {
    test("none is under way before one is asked for, and asking again begins no other", async () => {
      const { survey } = await makeRecords();
      expect(await survey.surveys()).toEqual({ finished: null, underWay: null });
      expect(await survey.take(null, farOffMs)).toBeNull();
      const asked = await survey.request();
      expect(asked).toMatchObject({ finishedAtMs: null, objects: 0, unknownObjects: 0 });
      expect(await survey.request()).toEqual(asked);
      expect(await survey.surveys()).toEqual({ finished: null, underWay: asked });
    });

    test("one turn at a time, and the next one goes on where it ended", async () => {
      const records = await makeRecords();
      const first = await turnOf(records);
      expect(first.place).toEqual({ phase: "objects", afterKey: null });
      expect(await records.survey.take(null, farOffMs)).toBeNull();
      await records.survey.record(first, half);
      const second = present(await records.survey.take(null, farOffMs));
      expect(second).toMatchObject({ surveyId: first.surveyId, place: half.next });
      const uploads = { phase: "uploads", after: null } as const;
      await records.survey.record(second, { ...half, next: uploads });
      const third = present(await records.survey.take(null, farOffMs));
      expect(third.place).toEqual(uploads);
      const after = { objectKey: "backups/x", uploadId: "u-1" };
      await records.survey.record(third, { ...half, next: { phase: "uploads", after } });
      const fourth = present(await records.survey.take(null, farOffMs));
      expect(fourth.place).toEqual({ phase: "uploads", after });
    });

    test("takers side by side get one turn between them", async () => {
      const { survey } = await makeRecords();
      await survey.request();
      const turns = await Promise.all(
        Array.from({ length: 5 }, async () => await survey.take(farOffMs, farOffMs)),
      );
      expect(turns.filter((turn) => turn !== null)).toHaveLength(1);
    });

    test("the turn of a taker that died is taken again, and what it brings later counts no more", async () => {
      const records = await makeRecords();
      const dead = await turnOf(records, 30);
      const next = await vi.waitFor(
        async () => present(await records.survey.take(null, farOffMs)),
        { timeout: 5_000 },
      );
      expect(next.place).toEqual(dead.place);
      expect(await records.survey.record(dead, half)).toBeNull();
      expect(await records.survey.record(next, half)).toMatchObject({ objects: 3 });
    });

    test("a page that is recorded again, as after a lost answer, counts once", async () => {
      const records = await makeRecords();
      const turn = await turnOf(records);
      expect(await records.survey.record(turn, half)).toMatchObject({ objects: 3 });
      expect(await records.survey.record(turn, half)).toBeNull();
      expect((await records.survey.surveys()).underWay?.objects).toBe(3);
      const last = present(await records.survey.take(null, farOffMs));
      expect(await records.survey.record(last, end)).toMatchObject({ objects: 3, uploads: 2 });
      expect(await records.survey.record(last, end)).toBeNull();
      expect(await records.survey.findings(turn.surveyId, 0n, 9)).toHaveLength(3);
    });

    test("the next turn is not taken before the wait is over", async () => {
      const records = await makeRecords();
      await records.survey.record(await turnOf(records), { ...half, waitMs: farOffMs });
      expect(await records.survey.take(null, farOffMs)).toBeNull();
    });

    test("findings are kept as they are, in their order and in pages", async () => {
      const records = await makeRecords();
      const turn = await turnOf(records);
      await records.survey.record(turn, half);
      const next = present(await records.survey.take(null, farOffMs));
      const odd = { ...object, objectKey: "backups/\0\ud800" };
      const finished = await records.survey.record(next, { ...end, findings: [upload, odd] });
      expect(finished).toEqual({
        surveyId: turn.surveyId,
        begunAtMs: expect.any(Number),
        finishedAtMs: expect.any(Number),
        objects: 3,
        uploads: 2,
        unknownObjects: 2,
        unknownUploads: 1,
        missingObjects: 1,
      });
      expect(await records.survey.surveys()).toEqual({ finished, underWay: null });
      const all = await records.survey.findings(turn.surveyId, 0n, 100);
      const kept = [object, missing, upload, { ...object, objectKey: "backups/\ufffd\ufffd" }];
      expect(all).toEqual(kept.map((one) => ({ ...one, findingId: expect.any(BigInt) })));
      expect(all.map(({ findingId }) => findingId)).toEqual(
        all.map(({ findingId }) => findingId).toSorted((a, b) => Number(a - b)),
      );
      const [, second] = all;
      const page = await records.survey.findings(turn.surveyId, present(second).findingId, 1);
      expect(page).toEqual([all[2]]);
    });

    test("a finished survey takes the place of the one before, which shows until then", async () => {
      const records = await makeRecords();
      const first = await turnOf(records);
      await records.survey.record(first, { ...end, findings: [object] });
      const second = await turnOf(records);
      expect(second.surveyId).toBeGreaterThan(first.surveyId);
      expect(await records.survey.findings(first.surveyId, 0n, 9)).toHaveLength(1);
      await records.survey.record(second, end);
      expect(await records.survey.findings(first.surveyId, 0n, 9)).toEqual([]);
      expect(await records.survey.findings(second.surveyId, 0n, 9)).toHaveLength(1);
      const { finished } = await records.survey.surveys();
      expect(finished?.surveyId).toBe(second.surveyId);
    });

    test("the first 10,000 findings are kept, and all are counted", async () => {
      const records = await makeRecords();
      const { surveyId } = await records.survey.request();
      const findings = Array.from({ length: 999 }, (_, n) => {
        return { ...object, objectKey: `backups/${n}` };
      });
      for (let page = 0; page < 11; page += 1) {
        const turn = present(await records.survey.take(null, farOffMs));
        await records.survey.record(turn, { ...half, findings });
      }
      expect((await records.survey.surveys()).underWay?.unknownObjects).toBe(10_989);
      expect(await records.survey.findings(surveyId, 0n, 20_000)).toHaveLength(10_000);
    });

    test("one is begun when the last was begun so long ago, and not before", async () => {
      const records = await makeRecords();
      const { survey } = records;
      expect(await survey.take(farOffMs, farOffMs)).toBeNull();
      const first = present(await survey.take(farOffMs, farOffMs));
      await survey.record(first, end);
      expect(await survey.take(farOffMs, farOffMs)).toBeNull();
      expect((await survey.surveys()).underWay).toBeNull();
      await vi.waitFor(
        async () => {
          await survey.take(20, farOffMs);
          expect((await survey.surveys()).underWay).not.toBeNull();
        },
        { timeout: 5_000 },
      );
    });
  });
}
