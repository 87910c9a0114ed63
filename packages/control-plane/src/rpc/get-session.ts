// GetSession: one run of a game.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { sessionMessage } from "./session-message.ts";

export function getSession({
  records,
}: Pick<RpcNeeds, "records">): Rpc<typeof ManManAPI.method.getSession> {
  return async ({ sessionId }) => {
    const refusal = refusalFor(requiredId("session_id", sessionId));
    if (refusal !== null) return { refusal };
    const session = await records.sessions.get(sessionId);
    return session === null
      ? { refusal: notFound("session", sessionId) }
      : { response: { session: sessionMessage(session) } };
  };
}
