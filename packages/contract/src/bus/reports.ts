// What host managers report, checked on arrival: bounded, and with everything that completing a backup needs.
import { z } from "zod";
import { readBody, unusable, writeBody, type Parsed } from "./message-body.ts";
import { parseRoutingKey, routingKey, type ReportKind } from "./routing-keys.ts";
import { count, id, text, wireMessage, wireObject, type Complaint } from "./wire-object.ts";

/** A report's body holds at most so many bytes; one with the most parts and the longest texts fits. */
export const reportBytesMax = 4_194_304;

/** An upload has at most so many parts. */
export const partsMax = 10_000;

/** A report carries at most so many warnings; the count says how many there were. */
export const warningsMax = 20;

/** A warning holds at most so many characters. */
export const warningCharsMax = 1_000;

/** An error message holds at most so many characters. */
export const errorMessageCharsMax = 4_000;

const urlCharsMax = 1_100;

const part = wireObject({
  number: z.number().int().min(1).max(partsMax),
  /** As the store gave it, quotes included. */
  etag: z
    .string()
    .max(128)
    .regex(/^[\u0021-\u007e]+$/, "must be printable ASCII without blanks"),
  size_bytes: count,
});

const backupReport = wireMessage(
  "status.backup",
  {},
  {
    backup_id: id,
    status: z.enum(["running", "completed", "failed"]),
    /** Where the archive lies, `s3://bucket/key`. */
    s3_url: text(urlCharsMax).exactOptional(),
    /** Bytes of all parts; required of a completed one. */
    size_bytes: count.exactOptional(),
    /** Why it failed, in words for people. */
    error_message: text(errorMessageCharsMax).exactOptional(),
    sgc_id: id,
    server_id: id,
    /** The attempt that this is about; an older one's report changes nothing. */
    attempt: z.number().int().min(1).max(1_000_000),
    /** Why it failed, as a snake_case word for programs. */
    error_code: z
      .string()
      .regex(/^[a-z][a-z0-9_]{0,63}$/, "must be a snake_case word of at most 64 characters")
      .exactOptional(),
    /** Whether another attempt may succeed where this one failed. */
    retryable: z.boolean().exactOptional(),
    /** The parts that were sent, in ascending order of their numbers; required of a completed one. */
    parts: z.array(part).min(1).max(partsMax).exactOptional(),
    /** SHA-256 of all parts' bytes, in hex. */
    archive_sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 64 lowercase hex digits")
      .exactOptional(),
    /** Bytes of the archive before compression. */
    raw_bytes: count.exactOptional(),
    /** Entries of the archive. */
    files: count.exactOptional(),
    warning_count: count.exactOptional(),
    /** The first warnings. */
    warnings: z.array(text(warningCharsMax)).max(warningsMax).exactOptional(),
    /** From the claim to the last part. */
    duration_ms: count.exactOptional(),
  },
  completeEnough,
);

const sessionReport = wireMessage(
  "status.session",
  {},
  {
    session_id: id,
    sgc_id: id,
    status: z.enum([
      "pending",
      "starting",
      "running",
      "stopping",
      "stopped",
      "crashed",
      "completed",
    ]),
    /** What the game's process ended with; 128 + the signal's number where a signal ended it. */
    exit_code: z.int32().exactOptional(),
    /** Why it crashed or could not start. */
    error_message: text(errorMessageCharsMax).exactOptional(),
    server_id: id.exactOptional(),
  },
);

const hostFields = {
  server_id: id,
  /** Absent means online: a host that reports is. */
  status: z.enum(["online", "offline"]).default("online"),
};

const hostReport = wireMessage(
  "status.host",
  {},
  { ...hostFields, status: z.enum(["online", "offline"]) },
);

const hostHealthReport = wireMessage("health.host", {}, hostFields);

/** A part of an upload, as the store took it. */
export type ReportedPart = z.output<typeof part>;
/** What became of an attempt at a backup. A completed one has `parts` and `sizeBytes`. */
export type BackupReport = z.output<typeof backupReport>;
/** What became of a session. */
export type SessionReport = z.output<typeof sessionReport>;
/** A host has come or gone. */
export type HostReport = z.output<typeof hostReport>;
/** A host is alive. */
export type HostHealthReport = z.output<typeof hostHealthReport>;

/** Any report, told apart by `kind`. */
export type Report = BackupReport | SessionReport | HostReport | HostHealthReport;

const schemas = {
  "status.backup": backupReport,
  "status.session": sessionReport,
  "status.host": hostReport,
  "health.host": hostHealthReport,
} satisfies Record<ReportKind, z.ZodType<Report>>;

/** Reads a report as it arrives; the reason of one that cannot be used names the field. */
export function parseReport(key: string, body: string | Uint8Array): Parsed<Report> {
  const route = parseRoutingKey(key);
  if (route === undefined || !isReportKind(route.kind)) {
    return unusable(`routing key: ${key} is not that of a report`);
  }
  const schema: z.ZodType<Report> = schemas[route.kind];
  const parsed = readBody(schema, body, reportBytesMax);
  if (!parsed.ok) return parsed;
  const { field, id: subject } = subjectOf(parsed.value);
  if (subject !== route.id) return unusable(`${field}: ${subject} is not that of ${key}`);
  return parsed;
}

/** A report's body. Throws a RangeError naming the field where a value is out of its bounds: the caller has let it through. */
export function encodeReport(report: Report): string {
  return writeBody(schemas[report.kind], report, reportBytesMax);
}

/** Where a report is published: `status.backup.5`. */
export function reportRoutingKey(report: Report): string {
  return routingKey(report.kind, subjectOf(report).id);
}

function completeEnough(fields: Record<string, unknown>): Complaint | undefined {
  const parts = fields["parts"] as readonly ReportedPart[] | undefined;
  const misplaced =
    parts?.findIndex((one, place) => one.number <= (parts[place - 1]?.number ?? 0)) ?? -1;
  if (misplaced >= 0) return { path: ["parts", misplaced, "number"], message: "must ascend" };
  if (fields["status"] !== "completed") return undefined;
  const missing = ["size_bytes", "parts"].find((name) => fields[name] === undefined);
  return missing === undefined
    ? undefined
    : { path: [missing], message: "must be there when completed" };
}

function subjectOf(report: Report): { field: string; id: bigint } {
  if (report.kind === "status.backup") return { field: "backup_id", id: report.backupId };
  if (report.kind === "status.session") return { field: "session_id", id: report.sessionId };
  return { field: "server_id", id: report.serverId };
}

function isReportKind(kind: string): kind is ReportKind {
  return Object.hasOwn(schemas, kind);
}
