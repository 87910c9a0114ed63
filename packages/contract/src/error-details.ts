// Rich error details: what a server adds to a status beside its code and text, and how a client reads it back. They travel as a
// google.rpc.Status in the trailer `grpc-status-details-bin`, where every gRPC tool expects them.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { anyPack, anyUnpack, durationFromMs, durationMs, type Any } from "@bufbuild/protobuf/wkt";
import { Metadata, type ServerErrorResponse, type status } from "@grpc/grpc-js";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from "./generated/google/rpc/error_details_pb.ts";
import { StatusSchema } from "./generated/google/rpc/status_pb.ts";

/** One mistake in a request. */
export type FieldViolation = {
  /** Path of the field in the request, in the wire's spelling: `session_id`, `port_bindings[0].host_port`. */
  field: string;
  /** What is wrong with it. */
  description: string;
};

/** What a status says beyond its code and text. */
export type ErrorDetails = {
  /** The mistakes in the request; empty where the request is not at fault. */
  fieldViolations: FieldViolation[];
  /** How long to wait before the same call is worth trying again, in milliseconds; absent where nothing was said. */
  retryDelayMs?: number;
  /** The reason as one word for programs; absent where nothing was said. */
  reason?: string;
};

/** An error status with its details, to give to a grpc-js callback, to emit on a stream or to throw. */
export type StatusError = ServerErrorResponse & {
  code: status;
  details: string;
  metadata: Metadata;
};

/** A status keeps so many bytes of its text. With the violations it stays below 8 KiB of trailers, beyond which clients drop the answer. */
export const statusTextBytesMax = 1_024;

/** A status keeps as many violations as fit into so many bytes, each cut to the two bounds below. */
export const violationsBytesMax = 2_400;

const violationFieldBytesMax = 100;
const violationDescriptionBytesMax = 300;

const detailsTrailer = "grpc-status-details-bin";
const reasonDomain = "manman";

/** The error that a handler answers with. Texts and violations beyond the bounds are cut off, between characters. */
export function statusError(error: {
  code: status;
  message: string;
  fieldViolations?: readonly FieldViolation[];
  retryDelayMs?: number;
  reason?: string;
}): StatusError {
  const message = cutOff(error.message, statusTextBytesMax);
  const metadata = new Metadata();
  const details = packedDetails(error);
  if (details.length > 0) {
    const rpcStatus = create(StatusSchema, { code: error.code, message, details });
    metadata.set(detailsTrailer, Buffer.from(toBinary(StatusSchema, rpcStatus)));
  }
  return Object.assign(new Error(message), { code: error.code, details: message, metadata });
}

/** The details in a status' trailers. Details that are absent or cannot be read count as none: they only explain the code. */
export function errorDetails(trailers: Metadata): ErrorDetails {
  const found: ErrorDetails = { fieldViolations: [] };
  for (const detail of receivedDetails(trailers)) {
    const badRequest = anyUnpack(detail, BadRequestSchema);
    for (const { field, description } of badRequest?.fieldViolations ?? []) {
      found.fieldViolations.push({ field, description });
    }
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay) found.retryDelayMs = durationMs(delay);
    const info = anyUnpack(detail, ErrorInfoSchema);
    if (info) found.reason = info.reason;
  }
  return found;
}

function packedDetails(error: {
  fieldViolations?: readonly FieldViolation[];
  retryDelayMs?: number;
  reason?: string;
}): Any[] {
  const packed: Any[] = [];
  if (error.fieldViolations !== undefined && error.fieldViolations.length > 0) {
    const fieldViolations = thoseThatFit(error.fieldViolations);
    packed.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (error.retryDelayMs !== undefined) {
    const retryDelay = durationFromMs(error.retryDelayMs);
    packed.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  if (error.reason !== undefined) {
    const info = create(ErrorInfoSchema, { reason: error.reason, domain: reasonDomain });
    packed.push(anyPack(ErrorInfoSchema, info));
  }
  return packed;
}

function thoseThatFit(violations: readonly FieldViolation[]): FieldViolation[] {
  const fitting: FieldViolation[] = [];
  let bytes = 0;
  for (const violation of violations) {
    const field = cutOff(violation.field, violationFieldBytesMax);
    const description = cutOff(violation.description, violationDescriptionBytesMax);
    bytes += Buffer.byteLength(field) + Buffer.byteLength(description);
    if (bytes > violationsBytesMax) break;
    fitting.push({ field, description });
  }
  return fitting;
}

function cutOff(text: string, bytesMax: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytesMax));
  return text.slice(0, read);
}

function receivedDetails(trailers: Metadata): Any[] {
  const [bytes] = trailers.get(detailsTrailer);
  if (!(bytes instanceof Uint8Array)) return [];
  try {
    return fromBinary(StatusSchema, bytes).details;
  } catch {
    return [];
  }
}
