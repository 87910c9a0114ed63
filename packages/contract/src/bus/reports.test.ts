// The reports against the bodies that the wire contract shows, and what is refused of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  encodeReport,
  parseReport,
  reportBytesMax,
  reportRoutingKey,
  type BackupReport,
  type Report,
} from "./reports.ts";

const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

const golden: [string, Report, string][] = [
  [
    "status.backup.5",
    {
      kind: "status.backup",
      backupId: 5n,
      status: "running",
      sgcId: 42n,
      serverId: 7n,
      attempt: 1,
    },
    '{"backup_id":5,"status":"running","sgc_id":42,"server_id":7,"attempt":1}',
  ],
  [
    "status.backup.5",
    {
      kind: "status.backup",
      backupId: 5n,
      status: "completed",
      s3Url: "s3://bucket/backups/42/5.tar.gz",
      sizeBytes: 8_388_610,
      sgcId: 42n,
      serverId: 7n,
      attempt: 2,
      parts: [
        { number: 1, etag: '"a1"', sizeBytes: 8_388_608 },
        { number: 2, etag: '"b2"', sizeBytes: 2 },
      ],
      archiveSha256: sha256,
      rawBytes: 20_000_000,
      files: 312,
      warningCount: 1,
      warnings: ["game/log.txt changed while it was read"],
      durationMs: 1_250,
    },
    `{"backup_id":5,"status":"completed","s3_url":"s3://bucket/backups/42/5.tar.gz","size_bytes":8388610,"sgc_id":42,"server_id":7,"attempt":2,"parts":[{"number":1,"etag":"\\"a1\\"","size_bytes":8388608},{"number":2,"etag":"\\"b2\\"","size_bytes":2}],"archive_sha256":"${sha256}","raw_bytes":20000000,"files":312,"warning_count":1,"warnings":["game/log.txt changed while it was read"],"duration_ms":1250}`,
  ],
  [
    "status.backup.5",
    {
      kind: "status.backup",
      backupId: 5n,
      status: "failed",
      errorMessage: "game: no such directory",
      sgcId: 42n,
      serverId: 7n,
      attempt: 1,
      errorCode: "source_missing",
      retryable: false,
    },
    '{"backup_id":5,"status":"failed","error_message":"game: no such directory","sgc_id":42,"server_id":7,"attempt":1,"error_code":"source_missing","retryable":false}',
  ],
  [
    "status.session.456",
    {
      kind: "status.session",
      sessionId: 456n,
      sgcId: 42n,
      status: "crashed",
      exitCode: 139,
      errorMessage: "killed by SIGSEGV",
      serverId: 7n,
    },
    '{"session_id":456,"sgc_id":42,"status":"crashed","exit_code":139,"error_message":"killed by SIGSEGV","server_id":7}',
  ],
  [
    "status.host.7",
    { kind: "status.host", serverId: 7n, status: "online" },
    '{"server_id":7,"status":"online"}',
  ],
  [
    "health.host.7",
    { kind: "health.host", serverId: 7n, status: "online" },
    '{"server_id":7,"status":"online"}',
  ],
];

test.each(golden)("%s is written as the wire contract says", (key, report, body) => {
  expect(encodeReport(report)).toBe(body);
  expect(reportRoutingKey(report)).toBe(key);
  expect(parseReport(key, body)).toEqual({ ok: true, value: report });
});

test("a session's report begins as the wire contract says", () => {
  const body = '{"session_id":456,"sgc_id":42,"status":"running","exit_code":0}';
  expect(parseReport("status.session.456", body)).toEqual({
    ok: true,
    value: { kind: "status.session", sessionId: 456n, sgcId: 42n, status: "running", exitCode: 0 },
  });
});

test("a health report without a status means online", () => {
  expect(parseReport("health.host.7", '{"server_id":7,"free_mb":12}')).toEqual({
    ok: true,
    value: { kind: "health.host", serverId: 7n, status: "online" },
  });
});

const part = { number: 1, etag: "a1", size_bytes: 3 };
const completed = {
  backup_id: 5,
  status: "completed",
  size_bytes: 3,
  sgc_id: 42,
  server_id: 7,
  attempt: 1,
  parts: [part],
};
const session = { session_id: 456, sgc_id: 42, status: "running" };

const malformed: [string, string, object, string][] = [
  ["status.backup.5", "no backup", { ...completed, backup_id: undefined }, "backup_id"],
  ["status.backup.5", "another backup's id", { ...completed, backup_id: 6 }, "backup_id"],
  ["status.backup.5", "a status of ours alone", { ...completed, status: "verifying" }, "status"],
  ["status.backup.5", "a number as URL", { ...completed, s3_url: 1 }, "s3_url"],
  ["status.backup.5", "no size", { ...completed, size_bytes: undefined }, "size_bytes"],
  ["status.backup.5", "a negative size", { ...completed, size_bytes: -1 }, "size_bytes"],
  ["status.backup.5", "no deployment", { ...completed, sgc_id: undefined }, "sgc_id"],
  ["status.backup.5", "no server", { ...completed, server_id: undefined }, "server_id"],
  ["status.backup.5", "no attempt", { ...completed, attempt: undefined }, "attempt"],
  ["status.backup.5", "attempt 0", { ...completed, attempt: 0 }, "attempt"],
  [
    "status.backup.5",
    "an endless message",
    { ...completed, error_message: "x".repeat(4_001) },
    "error_message",
  ],
  ["status.backup.5", "a sentence as code", { ...completed, error_code: "No!" }, "error_code"],
  ["status.backup.5", "a word for yes", { ...completed, retryable: "yes" }, "retryable"],
  ["status.backup.5", "no parts", { ...completed, parts: undefined }, "parts"],
  ["status.backup.5", "an empty list of parts", { ...completed, parts: [] }, "parts"],
  [
    "status.backup.5",
    "a fourth part without an ETag",
    {
      ...completed,
      parts: [
        part,
        { ...part, number: 2 },
        { ...part, number: 3 },
        { ...part, number: 4, etag: "" },
      ],
    },
    "parts[3].etag",
  ],
  [
    "status.backup.5",
    "a part 0",
    { ...completed, parts: [{ ...part, number: 0 }] },
    "parts[0].number",
  ],
  ["status.backup.5", "a part twice", { ...completed, parts: [part, part] }, "parts[1].number"],
  [
    "status.backup.5",
    "a part without a size",
    { ...completed, parts: [{ number: 1, etag: "a1" }] },
    "parts[0].size_bytes",
  ],
  [
    "status.backup.5",
    "a part too many",
    {
      ...completed,
      parts: Array.from({ length: 10_001 }, (_, place) => ({ ...part, number: place + 1 })),
    },
    "parts",
  ],
  ["status.backup.5", "half a digest", { ...completed, archive_sha256: "9f86" }, "archive_sha256"],
  ["status.backup.5", "a bad raw size", { ...completed, raw_bytes: 1.5 }, "raw_bytes"],
  ["status.backup.5", "a bad count", { ...completed, files: "many" }, "files"],
  ["status.backup.5", "a bad warning count", { ...completed, warning_count: -1 }, "warning_count"],
  ["status.backup.5", "21 warnings", { ...completed, warnings: Array(21).fill("w") }, "warnings"],
  [
    "status.backup.5",
    "an endless warning",
    { ...completed, warnings: ["w", "w".repeat(1_001)] },
    "warnings[1]",
  ],
  ["status.backup.5", "a bad duration", { ...completed, duration_ms: -1 }, "duration_ms"],
  ["status.session.456", "another's id", { ...session, session_id: 457 }, "session_id"],
  ["status.session.456", "no deployment", { ...session, sgc_id: undefined }, "sgc_id"],
  ["status.session.456", "an unknown status", { ...session, status: "asleep" }, "status"],
  ["status.session.456", "a large exit code", { ...session, exit_code: 2 ** 31 }, "exit_code"],
  ["status.session.456", "a bad message", { ...session, error_message: 1 }, "error_message"],
  ["status.session.456", "a bad server", { ...session, server_id: 0 }, "server_id"],
  ["status.host.7", "no status", { server_id: 7 }, "status"],
  ["status.host.7", "another's id", { server_id: 8, status: "online" }, "server_id"],
  ["health.host.7", "an unknown status", { server_id: 7, status: "so-so" }, "status"],
];

test.each(malformed)("%s with %s is refused by name", (key, _what, body, field) => {
  const parsed = parseReport(key, JSON.stringify(body));
  expect(parsed).toEqual({ ok: false, reason: expect.stringMatching(/^[^\n]{1,500}$/) });
  expect(parsed.ok || parsed.reason.split(": ")[0]).toBe(field);
});

test("a routing key that is not a report's is refused", () => {
  expect(parseReport("command.host.7.backup", "{}")).toEqual({
    ok: false,
    reason: "routing key: command.host.7.backup is not that of a report",
  });
});

test("the longest report that the fields allow fits the bound, and a byte more is refused", () => {
  const longest: BackupReport = {
    kind: "status.backup",
    backupId: 5n,
    status: "completed",
    s3Url: "\u0001".repeat(1_100),
    sizeBytes: Number.MAX_SAFE_INTEGER,
    errorMessage: "\u0001".repeat(4_000),
    sgcId: 42n,
    serverId: 7n,
    attempt: 1_000_000,
    parts: Array.from({ length: 10_000 }, (_, place) => ({
      number: place + 1,
      etag: '"'.repeat(128),
      sizeBytes: Number.MAX_SAFE_INTEGER,
    })),
    warnings: Array<string>(20).fill("\u0001".repeat(1_000)),
  };
  const body = encodeReport(longest);
  expect(parseReport("status.backup.5", body)).toEqual({ ok: true, value: longest });
  expect(parseReport("status.backup.5", " ".repeat(reportBytesMax + 1))).toEqual({
    ok: false,
    reason: "body: 4194305 bytes are more than 4194304",
  });
});

test("a value out of its bounds is not written", () => {
  const report: Report = { kind: "status.host", serverId: 0n, status: "online" };
  expect(() => encodeReport(report)).toThrow(/^server_id: /);
});

const anyId = fc.bigInt({ min: 1n, max: BigInt(Number.MAX_SAFE_INTEGER) });
const anyCount = fc.maxSafeNat();
const anyText = fc.string({ unit: "grapheme", maxLength: 100 });

const anyReport: fc.Arbitrary<Report> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("status.backup" as const),
      backupId: anyId,
      status: fc.constantFrom("running" as const, "failed" as const),
      s3Url: anyText,
      sizeBytes: anyCount,
      errorMessage: anyText,
      sgcId: anyId,
      serverId: anyId,
      attempt: fc.integer({ min: 1, max: 1_000_000 }),
      errorCode: fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/),
      retryable: fc.boolean(),
      parts: fc
        .array(fc.record({ etag: fc.stringMatching(/^[!-~]{1,40}$/), sizeBytes: anyCount }), {
          minLength: 1,
          maxLength: 30,
        })
        .map((parts) => parts.map((taken, place) => ({ number: place + 1, ...taken }))),
      archiveSha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      rawBytes: anyCount,
      files: anyCount,
      warningCount: anyCount,
      warnings: fc.array(anyText, { maxLength: 20 }),
      durationMs: anyCount,
    },
    { requiredKeys: ["kind", "backupId", "status", "sgcId", "serverId", "attempt"] },
  ),
  fc.record(
    {
      kind: fc.constant("status.session" as const),
      sessionId: anyId,
      sgcId: anyId,
      status: fc.constantFrom("pending" as const, "stopped" as const, "completed" as const),
      exitCode: fc.integer(),
      errorMessage: anyText,
      serverId: anyId,
    },
    { requiredKeys: ["kind", "sessionId", "sgcId", "status"] },
  ),
  fc.record({
    kind: fc.constantFrom("status.host" as const, "health.host" as const),
    serverId: anyId,
    status: fc.constantFrom("online" as const, "offline" as const),
  }),
);

test("what is written is read as the same", () => {
  fc.assert(
    fc.property(anyReport, (report) => {
      const parsed = parseReport(reportRoutingKey(report), encodeReport(report));
      expect(parsed).toEqual({ ok: true, value: report });
    }),
  );
});

test("no body makes the reader throw", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...golden.map(([key]) => key)),
      fc.oneof(fc.json(), fc.string(), fc.uint8Array()),
      (key, body) => {
        expect(parseReport(key, body)).toHaveProperty("ok");
      },
    ),
  );
});
