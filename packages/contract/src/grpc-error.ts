// A call's failure as one error with everything that the server said about it, so that callers decide on codes and never on text.
import { status, type ServiceError } from "@grpc/grpc-js";
import { errorDetails, type FieldViolation } from "./error-details.ts";

/** A call that failed. `message` names the method, the code and the server's text. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  /** The status code; `status` of grpc-js names them. */
  readonly code: status;
  /** The server's text; may be empty. */
  readonly details: string;
  /** The mistakes in the request; empty where the request is not at fault. */
  readonly fieldViolations: readonly FieldViolation[];
  /** How long the server asks to wait before the call is tried again, in milliseconds; undefined where it said nothing. */
  readonly retryDelayMs: number | undefined;
  /** The reason as one word for programs; undefined where the server said nothing. */
  readonly reason: string | undefined;

  constructor(methodName: string, error: ServiceError) {
    super(`${methodName}: ${status[error.code]}: ${error.details}`, { cause: error });
    const { fieldViolations, retryDelayMs, reason } = errorDetails(error.metadata);
    this.code = error.code;
    this.details = error.details;
    this.fieldViolations = fieldViolations;
    this.retryDelayMs = retryDelayMs;
    this.reason = reason;
  }
}
