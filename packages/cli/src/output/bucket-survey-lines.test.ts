import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  BucketFindingSchema,
  GetBucketSurveyResponseSchema,
} from "@manman/contract/generated/manman/v1/bucket_survey_pb.ts";
import { expect, test } from "vitest";
import { findingRow, surveySentence } from "./bucket-survey-lines.ts";

const at = 1_790_000_000n;

test("an unknown object is shown with its size, and an upload with its id", () => {
  const object = { kind: "unknown_object", objectKey: "backups/x", sizeBytes: 1_500n, at };
  expect(findingRow(create(BucketFindingSchema, object))).toEqual([
    "unknown object",
    "backups/x",
    "1.5 KB",
    "2026-09-21 14:13:20Z",
    "",
    "",
  ]);
  const upload = { kind: "unknown_upload", objectKey: "backups/x", uploadId: "u-1", backupId: 5n };
  expect(findingRow(create(BucketFindingSchema, upload))).toEqual([
    "unknown upload",
    "backups/x",
    "",
    "",
    "5",
    "u-1",
  ]);
});

test("a sentence says what the last survey counted, and whether one is under way", () => {
  expect(sentence({})).toBe("no survey was finished as yet");
  expect(sentence({ underWay: { surveyId: 1n } })).toBe(
    "no survey was finished as yet; survey 1 is under way",
  );
  const finished = { surveyId: 1n, finishedAt: at, objects: 9n, uploads: 2n, unknownObjects: 3n };
  expect(sentence({ finished, underWay: { surveyId: 2n } })).toBe(
    "survey 1, finished 2026-09-21 14:13:20Z, of 9 objects and 2 open uploads: unknown objects: 3, unknown uploads: 0, missing objects: 0; survey 2 is under way",
  );
});

function sentence(fields: MessageInitShape<typeof GetBucketSurveyResponseSchema>): string {
  return surveySentence(create(GetBucketSurveyResponseSchema, fields));
}
