// `manman bucket survey`: what the last survey of the bucket found; with `--run`, begins one.
import { create } from "@bufbuild/protobuf";
import {
  GetBucketSurveyResponseSchema,
  RunBucketSurveyResponseSchema,
  type GetBucketSurveyResponse,
} from "@manman/contract/generated/manman/v1/bucket_survey_pb.ts";
import { given } from "../answered.ts";
import { CommandFailure } from "../failure.ts";
import type { OpenCommand } from "../open-command.ts";
import { findingHeadings, findingRow, surveySentence } from "../output/bucket-survey-lines.ts";
import { jsonText } from "../output/json.ts";
import { printPages, type PageOptions } from "../output/pages.ts";
import { waitUntil } from "../wait-until.ts";
import type { WaitOptions } from "./session-wait.ts";

export async function surveyBucket(
  command: OpenCommand,
  options: PageOptions & WaitOptions & { readonly run?: true },
): Promise<void> {
  if (options.wait === true && options.run !== true) {
    throw new CommandFailure("usage", "--wait goes with --run");
  }
  if (options.run === true) {
    const answer = await command.api.runBucketSurvey({}, command);
    const { surveyId } = given(answer.survey);
    if (options.wait !== true) {
      command.print(
        command.json
          ? jsonText(RunBucketSurveyResponseSchema, answer)
          : `survey ${surveyId} is under way`,
      );
      return;
    }
    await untilFinished(command, surveyId, options.timeout);
  }
  await printSurvey(command, options);
}

async function untilFinished(
  command: OpenCommand,
  surveyId: bigint,
  timeoutSeconds: number,
): Promise<void> {
  await waitUntil(
    `survey ${surveyId}`,
    async () => await command.api.getBucketSurvey({ pageSize: 1 }, command),
    ({ finished }) => (finished?.surveyId ?? 0n) >= surveyId,
    { timeoutSeconds, signal: command.signal },
  );
}

async function printSurvey(command: OpenCommand, options: PageOptions): Promise<void> {
  let last: GetBucketSurveyResponse | null = null;
  await printPages(command, options, {
    ask: async (page) => {
      const answer = await command.api.getBucketSurvey(page, command);
      if (last === null && !command.json) command.note(surveySentence(answer));
      last = answer;
      return { items: answer.findings, nextPageToken: answer.nextPageToken };
    },
    json: ({ items, nextPageToken }) =>
      jsonText(
        GetBucketSurveyResponseSchema,
        create(GetBucketSurveyResponseSchema, { ...last, findings: items, nextPageToken }),
      ),
    headings: findingHeadings,
    row: findingRow,
  });
}
