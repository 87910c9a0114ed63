// Turns whatever the SDK throws into a fault, by error code and status; messages differ from store to store and say nothing sure.
import { Fault, type FaultKind } from "@manman/core/fault.ts";

/** Codes that say more than their status does. */
const kindOfCode: Readonly<Record<string, FaultKind>> = {
  NoSuchUpload: "missing",
  NoSuchKey: "missing",
  NoSuchVersion: "missing",
  NotFound: "missing",
  // Somebody has to make the bucket or mend the configuration first.
  NoSuchBucket: "rejected",
  // What a copy is refused with may come as an error inside of an answer of success, which the SDK makes a 503.
  PreconditionFailed: "rejected",
  InvalidObjectState: "rejected",
  InvalidRange: "rejected",
  InvalidRequest: "rejected",
  InvalidArgument: "rejected",
  AccessDenied: "rejected",
  EntityTooLarge: "rejected",
  // A store that does not know the request at all says so with a 501.
  NotImplemented: "rejected",
  // Bytes lost on the way, a slow line, a clock that the SDK sets right from the answer: the next try may do.
  BadDigest: "away",
  IncompleteBody: "away",
  XAmzContentSHA256Mismatch: "away",
  RequestTimeout: "away",
  RequestTimeTooSkewed: "away",
  OperationAborted: "away",
  ConditionalRequestConflict: "away",
  QuotaExceeded: "exhausted",
  XMinioStorageFull: "exhausted",
};

/** Names that the SDK and Node give to waits that came to nothing. */
const silences = new Set(["TimeoutError", "AbortError"]);

/** The fault behind what a call to the store threw. `context` says what was asked for. */
export function s3Fault(context: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const answer = readAnswer(thrown);
  return new Fault(kindOf(answer), context, new Error(wordsFor(answer), { cause: thrown }));
}

type Answer = {
  readonly code: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The error code of the operating system, where a connection failed. */
  readonly systemCode: string | null;
  readonly message: string;
};

function kindOf({ code, status, systemCode }: Answer): FaultKind {
  const known = kindOfCode[code];
  if (known !== undefined) return known;
  if (status === null) return systemCode !== null || silences.has(code) ? "away" : "rejected";
  if (status === 507) return "exhausted";
  if (status >= 500 || status === 429 || status === 408) return "away";
  return status < 300 ? "corrupt" : "rejected";
}

function readAnswer(thrown: unknown): Answer {
  const error = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    name?: unknown;
    message?: unknown;
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const status = error.$metadata?.httpStatusCode;
  return {
    code: typeof error.name === "string" ? error.name : "",
    status: typeof status === "number" ? status : null,
    systemCode: typeof error.code === "string" ? error.code : null,
    message: typeof error.message === "string" ? error.message : String(thrown),
  };
}

function wordsFor({ code, status, message }: Answer): string {
  // Where the store says no more than its code, the SDK fills in these.
  const said = message === "UnknownError" || message === code ? "" : `: ${message}`;
  return status === null ? `${code}${said}` : `${code} (HTTP ${status})${said}`;
}
