// What a server adds to a status, as a client reads it.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { errorDetails, statusError } from "./error-details.ts";
import { StatusSchema } from "./generated/google/rpc/status_pb.ts";
import { GrpcError } from "./grpc-error.ts";

test("a status carries field violations, a retry delay and a reason to the client", () => {
  const sent = statusError({
    code: status.INVALID_ARGUMENT,
    message: "the request is malformed",
    fieldViolations: [{ field: "session_id", description: "must be positive" }],
    retryDelayMs: 1_500,
    reason: "malformed_request",
  });
  expect([sent.code, sent.details, sent.message]).toEqual([
    3,
    "the request is malformed",
    "the request is malformed",
  ]);
  expect(errorDetails(sent.metadata)).toEqual({
    fieldViolations: [{ field: "session_id", description: "must be positive" }],
    retryDelayMs: 1_500,
    reason: "malformed_request",
  });
});

test("the details are a google.rpc.Status in the standard trailer", () => {
  const sent = statusError({ code: status.UNAVAILABLE, message: "away", retryDelayMs: 1_000 });
  const [bytes] = sent.metadata.get("grpc-status-details-bin");
  const received = fromBinary(StatusSchema, bytes as Buffer);
  expect([received.code, received.message]).toEqual([14, "away"]);
  expect(received.details.map(({ typeUrl }) => typeUrl)).toEqual([
    "type.googleapis.com/google.rpc.RetryInfo",
  ]);
});

test("a status without details has no trailer", () => {
  const sent = statusError({ code: status.NOT_FOUND, message: "no backup 5" });
  expect(sent.metadata.getMap()).toEqual({});
  expect(errorDetails(sent.metadata)).toEqual({ fieldViolations: [] });
});

test("a flood of violations and endless texts are cut off between characters", () => {
  const sent = statusError({
    code: status.INVALID_ARGUMENT,
    message: "m".repeat(1_023) + "\u2603",
    fieldViolations: Array.from({ length: 500 }, () => ({
      field: "f".repeat(5_000),
      description: "\u2603".repeat(5_000),
    })),
  });
  const { fieldViolations } = errorDetails(sent.metadata);
  expect(sent.details).toBe("m".repeat(1_023));
  expect(fieldViolations).toHaveLength(6);
  expect(fieldViolations[5]).toEqual({
    field: "f".repeat(100),
    description: "\u2603".repeat(100),
  });
});

test("details that cannot be read count as none", () => {
  const trailers = new Metadata();
  trailers.set("grpc-status-details-bin", Buffer.from([0xff, 0xff]));
  expect(errorDetails(trailers)).toEqual({ fieldViolations: [] });
  const empty = new Metadata();
  const unknown = create(StatusSchema, { details: [{ typeUrl: "type.googleapis.com/x.Y" }] });
  empty.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, unknown)));
  expect(errorDetails(empty)).toEqual({ fieldViolations: [] });
});

test("the client's error names the method and the code, and keeps what the server said", () => {
  const sent = statusError({
    code: status.UNAVAILABLE,
    message: "the database is away",
    retryDelayMs: 2_000,
    reason: "database_away",
  });
  const error = new GrpcError("CreateBackup", sent);
  expect(error.message).toBe("CreateBackup: UNAVAILABLE: the database is away");
  expect(error).toMatchObject({
    name: "GrpcError",
    code: 14,
    details: "the database is away",
    fieldViolations: [],
    retryDelayMs: 2_000,
    reason: "database_away",
    cause: sent,
  });
});
