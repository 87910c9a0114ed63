// SendInput: bytes for the standard input of a running game.
import { inputBytesMax } from "@manman/contract/bus/commands.ts";
import type { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { notFound } from "@manman/core/refusal.ts";
import { sendInput as decideInput } from "@manman/core/session/stop-session.ts";
import { refusalFor, requiredId, type Finding } from "./request-checks.ts";
import type { Rpc } from "./rpc.ts";
import type { RpcNeeds } from "./rpc-needs.ts";

type Needs = Pick<RpcNeeds, "records" | "wakeRelay">;

export function sendInput({ records, wakeRelay }: Needs): Rpc<typeof ManManAPI.method.sendInput> {
  return async ({ sessionId, input }) => {
    const refusal = refusalFor(requiredId("session_id", sessionId), inputFinding(input));
    if (refusal !== null) return { refusal };
    const outcome = await records.sessions.change(sessionId, (session) =>
      decideInput(session, input),
    );
    if (outcome === null) return { refusal: notFound("session", sessionId) };
    if (outcome.decision.kind === "refuse") return { refusal: outcome.decision.refusal };
    wakeRelay();
    return { response: {} };
  };
}

function inputFinding(input: Uint8Array): Finding {
  return input.length >= 1 && input.length <= inputBytesMax
    ? null
    : { field: "input", problem: `must have 1 to ${inputBytesMax} bytes, not ${input.length}` };
}
