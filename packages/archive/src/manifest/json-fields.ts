// Takes fields out of parsed JSON that nobody vouches for: each is what its name promises, or the error names it.

export type JsonObject = Readonly<Record<string, unknown>>;

/** Fails with an Error naming `what`, like everything below. */
export function objectOf(value: unknown, what: string): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`${what} is no object`);
  }
  return value as JsonObject;
}

export function field(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** A whole number from `min` to `max`, which is at most 2^53 - 1. */
export function wholeField(
  object: JsonObject,
  name: string,
  max: number = Number.MAX_SAFE_INTEGER,
  min = 0,
): number {
  const value = field(object, name);
  if (!isWhole(value, max, min)) throw new Error(`${name} is not a whole number up to ${max}`);
  return value;
}

export function textField(object: JsonObject, name: string, lengthMax: number): string {
  const value = field(object, name);
  if (typeof value !== "string" || value.length > lengthMax) {
    throw new Error(`${name} is not a text of at most ${lengthMax} characters`);
  }
  return value;
}

export function arrayField(object: JsonObject, name: string): readonly unknown[] {
  const value = field(object, name);
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value;
}

/** Exactly `count` whole numbers. */
export function wholeColumn(
  object: JsonObject,
  name: string,
  count: number,
  max: number = Number.MAX_SAFE_INTEGER,
  min = 0,
): readonly number[] {
  const column = arrayField(object, name);
  requireCount(name, column.length, count);
  for (const value of column) {
    if (!isWhole(value, max, min))
      throw new Error(`${name} holds what is no whole number up to ${max}`);
  }
  return column as readonly number[];
}

/** `count` digests of 32 bytes, which stand one behind another in one text of base64 without padding. */
export function digestColumn(object: JsonObject, name: string, count: number): readonly Buffer[] {
  const bytes = base64Field(object, name, count * digestBytes);
  return Array.from({ length: count }, (_, at) =>
    bytes.subarray(at * digestBytes, (at + 1) * digestBytes),
  );
}

export function base64Field(object: JsonObject, name: string, bytes: number): Buffer {
  const text = field(object, name);
  if (typeof text !== "string" || text.length !== Math.ceil((bytes * 4) / 3)) {
    throw new Error(`${name} does not hold ${bytes} bytes`);
  }
  const decoded = Buffer.from(text, "base64");
  if (decoded.length !== bytes) throw new Error(`${name} does not hold ${bytes} bytes`);
  return decoded;
}

/** Base64 without padding: what `base64Field` reads. */
export function base64Of(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

export function requireCount(name: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${name} has ${found} values for ${expected} records`);
}

export function isWhole(value: unknown, max: number, min = 0): value is number {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}

const digestBytes = 32;
