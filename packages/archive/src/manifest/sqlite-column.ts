// Writes which files of a block are SQLite databases, and what their write-ahead logs were, and reads it back.
import { arrayField, field, isWhole, type JsonObject } from "./json-fields.ts";
import type { FileContent, FileIdentity } from "./manifest-records.ts";
import { decodeId, encodeId, nanosecondsOf, secondsOf } from "./numeric-columns.ts";

type Sqlite = FileContent["sqlite"];
const fieldsOfLog = 7;

/** Pairs of a file's place in the block and its log: null, or size, mtime in seconds and nanoseconds, ctime likewise, device, inode. */
export function encodeSqlite(files: readonly { sqlite: Sqlite }[]): unknown[] {
  return files.flatMap(({ sqlite }, at) =>
    sqlite === null ? [] : [[at, sqlite.wal === null ? null : encodeLog(sqlite.wal)]],
  );
}

export function decodeSqlite(columns: JsonObject, count: number): Map<number, Sqlite> {
  const databases = new Map<number, Sqlite>();
  for (const pair of arrayField(columns, "sqlite")) {
    if (!Array.isArray(pair) || pair.length !== 2 || !isWhole(pair[0], count - 1)) {
      throw new Error("sqlite holds what names no file");
    }
    databases.set(pair[0], { wal: pair[1] === null ? null : decodeLog(pair[1]) });
  }
  return databases;
}

function encodeLog(wal: FileIdentity): unknown[] {
  const { sizeBytes, mtimeNs, ctimeNs, dev, ino } = wal;
  return [
    sizeBytes,
    secondsOf(mtimeNs),
    nanosecondsOf(mtimeNs),
    secondsOf(ctimeNs),
    nanosecondsOf(ctimeNs),
    encodeId(dev),
    encodeId(ino),
  ];
}

function decodeLog(value: unknown): FileIdentity {
  const log = field({ log: value }, "log");
  if (!Array.isArray(log) || log.length !== fieldsOfLog) throw new Error("sqlite holds half a log");
  const [size, mtime, mtimeNs, ctime, ctimeNs, dev, ino] = log as unknown[];
  return {
    sizeBytes: wholeOf(size),
    mtimeNs: timeOf(mtime, mtimeNs),
    ctimeNs: timeOf(ctime, ctimeNs),
    dev: decodeId(dev, "sqlite"),
    ino: decodeId(ino, "sqlite"),
  };
}

function timeOf(seconds: unknown, nanoseconds: unknown): bigint {
  const whole = wholeOf(seconds, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
  return BigInt(whole) * 1_000_000_000n + BigInt(wholeOf(nanoseconds, 999_999_999));
}

function wholeOf(value: unknown, max: number = Number.MAX_SAFE_INTEGER, min = 0): number {
  if (!isWhole(value, max, min)) throw new Error("sqlite holds what is no whole number");
  return value;
}
