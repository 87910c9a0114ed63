// Checks of requests: each says what is wrong with one field, and a request is refused with everything that is wrong with it at once.
import type { FieldViolation, Refusal } from "@manman/core/refusal.ts";

/** What one check found; null where all is well. */
export type Finding = FieldViolation | readonly FieldViolation[] | null;

/** The refusal that names every violation, or null when there is none. */
export function refusalFor(...findings: readonly Finding[]): Refusal | null {
  const violations = findings.flatMap((finding) => finding ?? []);
  return violations.length === 0 ? null : { kind: "invalid-argument", violations };
}

/** An id that must be given. */
export function requiredId(field: string, id: bigint): Finding {
  return id > 0n ? null : { field, problem: "must be given, and is 1 or more" };
}

/** An id that may be left out (0). */
export function optionalId(field: string, id: bigint): Finding {
  return id >= 0n ? null : { field, problem: "must be 1 or more, or left out" };
}

/** The id of a dead letter, which must be given. */
export function deadLetterIdOf(field: string, id: string): Finding {
  return /^[0-9a-f]{16}$/.test(id) ? null : { field, problem: "must be 16 hexadecimal digits" };
}

/** Text of so many characters. The database cannot hold a NUL, so no text may. */
export function textOf(
  field: string,
  text: string,
  { charsMin = 0, charsMax }: { readonly charsMin?: number; readonly charsMax: number },
): Finding {
  if (text.includes("\0")) return { field, problem: "must not hold a NUL character" };
  const chars = text.length <= charsMax ? text.length : Array.from(text).length;
  if (chars >= charsMin && chars <= charsMax) return null;
  const bounds = charsMin > 0 ? `${charsMin} to ${charsMax}` : `at most ${charsMax}`;
  return { field, problem: `must have ${bounds} characters, not ${chars}` };
}

/** A list of at most so many items, each checked under its own place (`command[2]`). */
export function listOf<Item>(
  field: string,
  items: readonly Item[],
  itemsMax: number,
  check: (itemField: string, item: Item) => Finding,
): Finding {
  if (items.length > itemsMax) {
    return { field, problem: `must have at most ${itemsMax} items, not ${items.length}` };
  }
  return items.flatMap((item, place) => check(`${field}[${place}]`, item) ?? []);
}

/** A whole number between bounds. */
export function numberOf(field: string, value: number, least: number, most: number): Finding {
  return value >= least && value <= most
    ? null
    : { field, problem: `must be from ${least} to ${most}, not ${value}` };
}

/** A time in unix seconds that may be left out (0). */
export function optionalTime(field: string, unixSeconds: bigint): Finding {
  return unixSeconds >= 0n && unixSeconds <= unixSecondsMax
    ? null
    : { field, problem: "must be a time in unix seconds, or left out" };
}

/** The end of the year 9999. */
const unixSecondsMax = 253_402_300_799n;
