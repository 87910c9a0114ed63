import { Fault } from "@manman/core/fault.ts";
import { expect, test } from "vitest";
import { s3Fault } from "./s3-fault.ts";

function answer(name: string, httpStatusCode: number, message = "UnknownError"): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

test.each([
  ["NoSuchUpload", 404, "missing"],
  ["NoSuchKey", 404, "missing"],
  ["NotFound", 404, "missing"],
  ["NoSuchBucket", 404, "rejected"],
  ["InvalidPart", 400, "rejected"],
  ["EntityTooSmall", 400, "rejected"],
  ["AccessDenied", 403, "rejected"],
  ["PermanentRedirect", 301, "rejected"],
  ["NotImplemented", 501, "rejected"],
  ["PreconditionFailed", 412, "rejected"],
  ["PreconditionFailed", 503, "rejected"],
  ["InvalidObjectState", 403, "rejected"],
  ["InvalidObjectState", 503, "rejected"],
  ["InvalidRange", 416, "rejected"],
  ["RequestTimeout", 400, "away"],
  ["RequestTimeTooSkewed", 403, "away"],
  ["InternalError", 500, "away"],
  ["SlowDown", 503, "away"],
  ["TooManyRequests", 429, "away"],
  ["QuotaExceeded", 403, "exhausted"],
  ["InsufficientStorage", 507, "exhausted"],
  ["SyntaxError", 200, "corrupt"],
])("%s with status %i is %s", (name, status, kind) => {
  expect(s3Fault("", answer(name, status)).kind).toBe(kind);
});

test.each([
  ["a refused connection", Object.assign(new Error("x"), { code: "ECONNREFUSED" }), "away"],
  ["a wait that ended", Object.assign(new Error("x"), { name: "TimeoutError" }), "away"],
  ["a call that was called off", Object.assign(new Error("x"), { name: "AbortError" }), "away"],
  ["anything else", new Error("Resolved credential object is not valid"), "rejected"],
])("%s is %s", (_, error, kind) => {
  expect(s3Fault("", error).kind).toBe(kind);
});

test("the message has the context, the code, the status and what the store said besides", () => {
  expect(s3Fault("upload k part 3", answer("NoSuchUpload", 404)).message).toBe(
    "upload k part 3: NoSuchUpload (HTTP 404)",
  );
  expect(s3Fault("open k", answer("InternalError", 500, "disk on fire")).message).toBe(
    "open k: InternalError (HTTP 500): disk on fire",
  );
});

test("a fault stays as it is", () => {
  const fault = new Fault("missing", "gone");
  expect(s3Fault("again", fault)).toBe(fault);
});
