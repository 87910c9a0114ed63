// ListDeadLetters: a page of the messages that nobody could use, oldest first.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { letterPage, readLetterToken } from "./dead-letter-page.ts";
import { pageSizeFinding, pageSizeOf } from "./list-page.ts";
import { refusalFor } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { unixSeconds } from "./unix-seconds.ts";

export function listDeadLetters({
  bus,
}: Pick<RpcNeeds, "bus">): Rpc<typeof ManManAPI.method.listDeadLetters> {
  return async (request) => {
    const after = request.pageToken === "" ? null : readLetterToken(request.pageToken);
    const refusal = refusalFor(
      pageSizeFinding(request),
      after === undefined
        ? { field: "page_token", problem: "is not a next_page_token of this list" }
        : null,
    );
    if (refusal !== null) return { refusal };
    const { letters, count } = await bus.listDeadLetters();
    const { page, nextPageToken } = letterPage(letters, after ?? null, pageSizeOf(request));
    const deadLetters = page.map(({ atMs, body, bodySizeBytes, ...letter }) => ({
      ...letter,
      at: unixSeconds(atMs),
      body: Uint8Array.from(body),
      bodySizeBytes: BigInt(bodySizeBytes),
    }));
    return { response: { deadLetters, nextPageToken, kept: BigInt(count) } };
  };
}
