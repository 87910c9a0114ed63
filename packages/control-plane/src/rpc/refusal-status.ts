// Which gRPC status says what: the one table for refusals and faults.
import { status } from "@grpc/grpc-js";
import type { FaultKind } from "@manman/core/fault.ts";
import type { Refusal } from "@manman/core/refusal.ts";

/** The code of each expected no. */
export const codeOfRefusal = {
  "invalid-argument": status.INVALID_ARGUMENT,
  "not-found": status.NOT_FOUND,
  "failed-precondition": status.FAILED_PRECONDITION,
  "already-exists": status.ALREADY_EXISTS,
} as const satisfies Record<Refusal["kind"], status>;

/**
 * What a caller is told of a failure outside. `internal` means that the caller can do nothing about it and only the log says
 * more; the others may be tried again after the stated time.
 */
export const answerToFault = {
  away: {
    code: status.UNAVAILABLE,
    message: "the control plane cannot reach what it needs for this; try again",
    retryDelayMs: 1_000,
  },
  exhausted: {
    code: status.RESOURCE_EXHAUSTED,
    message: "too many calls are waiting; try again later",
    retryDelayMs: 2_000,
  },
  missing: "internal",
  rejected: "internal",
  corrupt: "internal",
} as const satisfies Record<
  FaultKind,
  "internal" | { readonly code: status; readonly message: string; readonly retryDelayMs: number }
>;
