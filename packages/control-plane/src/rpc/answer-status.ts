// The status that a call ends with when it cannot be answered; nothing that was thrown reaches a caller in its own words.
import { status } from "@grpc/grpc-js";
import { statusError, type StatusError } from "@manman/contract/error-details.ts";
import { Fault } from "@manman/core/fault.ts";
import { refusalSentence, type Refusal } from "@manman/core/refusal.ts";
import { logFailure, type Log } from "../log.ts";
import { answerToFault, codeOfRefusal } from "./refusal-status.ts";

export type CallSurroundings = {
  readonly log: Log;
  /** A number in [0, 1), for the ids by which the log knows a failure. */
  readonly random: () => number;
};

export function refusalError(refusal: Refusal): StatusError {
  const error = { code: codeOfRefusal[refusal.kind], message: refusalSentence(refusal) };
  if (refusal.kind === "failed-precondition") {
    return statusError({
      ...error,
      ...(refusal.reason === undefined ? {} : { reason: refusal.reason }),
    });
  }
  if (refusal.kind !== "invalid-argument") return statusError(error);
  const fieldViolations = refusal.violations.map(({ field, problem }) => ({
    field,
    description: problem,
  }));
  return statusError({ ...error, fieldViolations });
}

export function failureError(
  methodName: string,
  error: unknown,
  { log, random }: CallSurroundings,
): StatusError {
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
