// A survey of the bucket and its findings as the wire has them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  BucketFindingSchema,
  BucketSurveySchema,
} from "@manman/contract/generated/manman/v1/bucket_survey_pb.ts";
import type { BucketFinding } from "@manman/core/bucket-survey.ts";
import type { BucketSurvey } from "@manman/core/ports.ts";
import { unixSeconds } from "./unix-seconds.ts";

export function surveyMessage(survey: BucketSurvey): MessageInitShape<typeof BucketSurveySchema> {
  return {
    surveyId: survey.surveyId,
    begunAt: unixSeconds(survey.begunAtMs),
    finishedAt: unixSeconds(survey.finishedAtMs),
    objects: BigInt(survey.objects),
    uploads: BigInt(survey.uploads),
    unknownObjects: BigInt(survey.unknownObjects),
    unknownUploads: BigInt(survey.unknownUploads),
    missingObjects: BigInt(survey.missingObjects),
  };
}

export function findingMessage(
  finding: BucketFinding,
): MessageInitShape<typeof BucketFindingSchema> {
  return {
    kind: finding.kind,
    objectKey: finding.objectKey,
    uploadId: finding.uploadId ?? "",
    sizeBytes: BigInt(finding.sizeBytes ?? 0),
    at: unixSeconds(finding.atMs),
    backupId: finding.backupId ?? 0n,
  };
}
