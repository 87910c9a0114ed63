// Columns of numbers that JSON cannot hold as they are: nanoseconds, and 64 bit ids of devices and inodes.
import { arrayField, isWhole, requireCount, wholeColumn, type JsonObject } from "./json-fields.ts";

const nsPerSecond = 1_000_000_000n;
const id64Max = 2n ** 64n - 1n;

/** Whole seconds, rounded down, so that the nanoseconds beside them are never negative. */
export function secondsOf(ns: bigint): number {
  const seconds = ns / nsPerSecond;
  return Number(ns < seconds * nsPerSecond ? seconds - 1n : seconds);
}

/** From 0 to 999,999,999. */
export function nanosecondsOf(ns: bigint): number {
  return Number(((ns % nsPerSecond) + nsPerSecond) % nsPerSecond);
}

/** The times that stand as `name` (seconds) and `nameNs` (nanoseconds on top). Kernels keep 64 bits of seconds; nothing real has more than 2^53. */
export function timeColumn(object: JsonObject, name: string, count: number): bigint[] {
  const seconds = wholeColumn(
    object,
    name,
    count,
    Number.MAX_SAFE_INTEGER,
    Number.MIN_SAFE_INTEGER,
  );
  const nanoseconds = wholeColumn(object, `${name}Ns`, count, 999_999_999);
  return seconds.map(
    (value, at) => BigInt(value) * nsPerSecond + BigInt(nanoseconds[at] as number),
  );
}

/** A number, or its digits in a string where a number would lose some. */
export function encodeId(id: bigint): number | string {
  return id <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(id) : String(id);
}

export function decodeId(value: unknown, name: string): bigint {
  if (isWhole(value, Number.MAX_SAFE_INTEGER)) return BigInt(value);
  if (typeof value === "string" && /^[1-9]\d{15,19}$/.test(value) && BigInt(value) <= id64Max) {
    return BigInt(value);
  }
  throw new Error(`${name} holds what is no id of 64 bits`);
}

export function idColumn(object: JsonObject, name: string, count: number): bigint[] {
  const column = arrayField(object, name);
  requireCount(name, column.length, count);
  return column.map((value) => decodeId(value, name));
}
