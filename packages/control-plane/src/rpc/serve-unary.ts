// Between grpc-js and one RPC with one answer: every outcome becomes a status.
import { create, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import { status, type handleUnaryCall } from "@grpc/grpc-js";
import { statusError, type StatusError } from "@manman/contract/error-details.ts";
import { failureError, refusalError, type CallSurroundings } from "./answer-status.ts";
import type { Rpc } from "./rpc.ts";

/** The handler that grpc-js calls for a method. */
export function serveUnary<Method extends DescMethodUnary>(
  method: Method,
  rpc: Rpc<Method>,
  surroundings: CallSurroundings,
): handleUnaryCall<MessageShape<Method["input"]>, MessageShape<Method["output"]>> {
  const answer = async (
    request: MessageShape<Method["input"]>,
  ): Promise<MessageShape<Method["output"]> | StatusError> => {
    try {
      const outcome = await rpc(request);
      if ("response" in outcome) {
        // The method's own response type, which is lost where the method is a type parameter.
        return create(method.output, outcome.response) as MessageShape<Method["output"]>;
      }
      if ("refusal" in outcome) return refusalError(outcome.refusal);
      return statusError({ code: status.UNIMPLEMENTED, message: outcome.unimplemented });
    } catch (error) {
      return failureError(method.name, error, surroundings);
    }
  };
  return (call, respond) => {
    void answer(call.request).then((outcome) => {
      if (outcome instanceof Error) respond(outcome);
      else respond(null, outcome);
    });
  };
}
