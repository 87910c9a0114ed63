// The status table, spelt out once more, so that no code changes by accident: callers decide on codes.
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { answerToFault, codeOfRefusal } from "./refusal-status.ts";

test("each refusal has its code", () => {
  expect(codeOfRefusal).toEqual({
    "invalid-argument": status.INVALID_ARGUMENT,
    "not-found": status.NOT_FOUND,
    "failed-precondition": status.FAILED_PRECONDITION,
    "already-exists": status.ALREADY_EXISTS,
  });
});

test("only faults that pass by themselves tell callers to try again", () => {
  expect(answerToFault).toEqual({
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
  });
});
