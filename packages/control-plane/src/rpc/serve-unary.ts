// Between grpc-js and one RPC: every outcome becomes a status, and nothing that was thrown reaches a caller in its own words.
import { create, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import { status, type handleUnaryCall } from "@grpc/grpc-js";
import { statusError, type StatusError } from "@manman/contract/error-details.ts";
import { Fault } from "@manman/core/fault.ts";
import { refusalSentence, type Refusal } from "@manman/core/refusal.ts";
import { logFailure, type Log } from "../log.ts";
import { answerToFault, codeOfRefusal } from "./refusal-status.ts";
import type { Rpc } from "./rpc.ts";

export type CallSurroundings = {
  readonly log: Log;
  /** A number in [0, 1), for the ids by which the log knows a failure. */
  readonly random: () => number;
};

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

function refusalError(refusal: Refusal): StatusError {
  const error = { code: codeOfRefusal[refusal.kind], message: refusalSentence(refusal) };
  if (refusal.kind !== "invalid-argument") return statusError(error);
  const fieldViolations = refusal.violations.map(({ field, problem }) => ({
    field,
    description: problem,
  }));
  return statusError({ ...error, fieldViolations });
}

function failureError(methodName: string, error: unknown, { log, random }: CallSurroundings) {
  const answer = error instanceof Fault ? answerToFault[error.kind] : "internal";
  if (answer !== "internal") {
    logFailure(log, { rpc: methodName }, error, "a call could not be carried out");
    return statusError(answer);
  }
  const failureId = Math.floor(random() * 2 ** 40).toString(36);
  log.error({ rpc: methodName, failure_id: failureId, err: error }, "a call failed");
  return statusError({
    code: status.INTERNAL,
    message: `${methodName} failed; the control plane's log says why under failure_id ${failureId}`,
  });
}
