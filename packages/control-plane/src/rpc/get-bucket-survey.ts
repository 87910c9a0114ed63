// GetBucketSurvey: the last survey of the bucket that was finished, with a page of what it found.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { findingMessage, surveyMessage } from "./bucket-survey-message.ts";
import { listPage, pageFindings } from "./list-page.ts";
import { refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

export function getBucketSurvey({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.getBucketSurvey> {
  return async (request) => {
    const { finished, underWay } = await records.survey.surveys();
    // A token is of one survey: findings of another would not go on where its page ended.
    const surveyId = finished?.surveyId ?? 0n;
    const query = { method: "GetBucketSurvey", filters: [surveyId] };
    const refusal = refusalFor(pageFindings(query, request));
    if (refusal !== null) return { refusal };
    const { items, nextPageToken } = await listPage(
      query,
      request,
      // Findings are listed oldest first, and so the token names the id that the page begins after.
      async ({ beforeId, limit }) => await records.survey.findings(surveyId, beforeId ?? 0n, limit),
      ({ findingId }) => findingId,
    );
    return {
      response: {
        ...(finished === null ? {} : { finished: surveyMessage(finished) }),
        ...(underWay === null ? {} : { underWay: surveyMessage(underWay) }),
        findings: items.map(findingMessage),
        nextPageToken,
      },
    };
  };
}
