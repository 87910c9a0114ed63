// A survey of the bucket as lines for people.
import type {
  BucketFinding,
  GetBucketSurveyResponse,
} from "@manman/contract/generated/manman/v1/bucket_survey_pb.ts";
import { bytesText, timeText } from "./quantities.ts";

export const findingHeadings = ["WHAT", "KEY", "SIZE", "TIME", "BACKUP", "UPLOAD"];

export function findingRow(finding: BucketFinding): string[] {
  return [
    finding.kind.replace("_", " "),
    finding.objectKey,
    finding.uploadId === "" ? bytesText(finding.sizeBytes) : "",
    timeText(finding.at),
    finding.backupId === 0n ? "" : String(finding.backupId),
    finding.uploadId,
  ];
}

/** What the survey counted, and whether another is under way. */
export function surveySentence({ finished, underWay }: GetBucketSurveyResponse): string {
  const now = underWay === undefined ? "" : `; survey ${underWay.surveyId} is under way`;
  if (finished === undefined) return `no survey was finished as yet${now}`;
  const { surveyId, finishedAt, objects, uploads } = finished;
  const found = [
    `unknown objects: ${finished.unknownObjects}`,
    `unknown uploads: ${finished.unknownUploads}`,
    `missing objects: ${finished.missingObjects}`,
  ];
  return (
    `survey ${surveyId}, finished ${timeText(finishedAt)}, of ${objects} objects and ${uploads} open uploads: ` +
    `${found.join(", ")}${now}`
  );
}
