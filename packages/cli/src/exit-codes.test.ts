import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { exitCodes, exitReasonOf } from "./exit-codes.ts";

test.each([
  [status.INVALID_ARGUMENT, 2],
  [status.NOT_FOUND, 3],
  [status.FAILED_PRECONDITION, 4],
  [status.ALREADY_EXISTS, 4],
  [status.UNAVAILABLE, 5],
  [status.DEADLINE_EXCEEDED, 5],
  [status.UNAUTHENTICATED, 6],
  [status.INTERNAL, 1],
])("gRPC code %d ends the process with %d", (code, exitCode) => {
  expect(exitCodes[exitReasonOf(code)].code).toBe(exitCode);
});

test("no two reasons share an exit code", () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});
