// StopSession: asks the host to end a game; asking again is no mistake.
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { askToStop } from "@manman/core/session/stop-session.ts";
import { refusalFor, requiredId } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";
import { sessionMessage } from "./session-message.ts";

type Needs = Pick<RpcNeeds, "records" | "wakeRelay" | "limits">;

export function stopSession({
  records,
  wakeRelay,
  limits,
}: Needs): Rpc<typeof ManManAPI.method.stopSession> {
  return async ({ sessionId }) => {
    const refusal = refusalFor(requiredId("session_id", sessionId));
    if (refusal !== null) return { refusal };
    const outcome = await records.sessions.change(sessionId, (session, nowMs) =>
      askToStop(session, { nowMs, limits }),
    );
    if (outcome === null) return { refusal: notFound("session", sessionId) };
    if (outcome.decision.kind === "refuse") return { refusal: outcome.decision.refusal };
    wakeRelay();
    return { response: { session: sessionMessage(outcome.record) } };
  };
}
