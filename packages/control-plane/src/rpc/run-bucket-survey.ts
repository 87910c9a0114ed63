// RunBucketSurvey: asks for a survey of the bucket now.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { surveyMessage } from "./bucket-survey-message.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function runBucketSurvey({
  records,
  wakeSurvey,
  log,
}: Pick<RpcNeeds, "records" | "wakeSurvey" | "log">): Rpc<typeof ManManAPI.method.runBucketSurvey> {
  return async () => {
    const survey = await records.survey.request();
    wakeSurvey();
    log.info({ survey_id: survey.surveyId }, "a survey of the bucket was asked for");
    return { response: { survey: surveyMessage(survey) } };
  };
}
