// Schemas that go both ways: JSON in the wire's snake_case on one side, values in camelCase with bigint ids on the other. The order
// of a schema's fields is the order in which they are written.
import { z } from "zod";

/** `backup_id` to `backupId`. */
type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

/** The same fields under their camelCase names. */
type Camelized<T> = { [K in keyof T as CamelCase<K & string>]: T[K] };

/** The same type, spelt out where it is shown. */
type Plain<T> = { [K in keyof T]: T[K] };

/** An object whose fields are renamed on the way; unknown fields are ignored. */
export function wireObject<Shape extends z.ZodRawShape>(shape: Shape) {
  type Wire = z.ZodObject<Shape>;
  type Value = Plain<Camelized<z.output<Wire>>>;
  const wire: Wire = z.object(shape);
  const names = fieldNames(shape);
  return z.codec(wire, z.custom<Value>(), {
    decode: (fields) => renamed(fields, names) as Value,
    // Zod asks for the encoding of an optional object even where it is absent, and drops what it gets then.
    encode: (value: Value | undefined) => renamed(value ?? {}, swapped(names)) as z.output<Wire>,
  });
}

/** A whole message: an object with the kind that its routing key says, and the literals that its body starts with. */
export function wireMessage<Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  literals: Record<string, string>,
  shape: Shape,
  check: (fields: Record<string, unknown>) => Complaint | undefined = () => undefined,
) {
  type Wire = z.ZodObject<Shape>;
  type Value = Plain<{ kind: Kind } & Camelized<z.output<Wire>>>;
  const literalSchemas = Object.entries(literals).map(([name, word]) => [name, z.literal(word)]);
  const wire: z.ZodType = z
    .object({ ...Object.fromEntries(literalSchemas), ...shape })
    .superRefine((fields, context) => {
      const complaint = check(fields);
      if (complaint) context.addIssue({ code: "custom", ...complaint });
    });
  const names = fieldNames(shape);
  return z.codec(wire, z.custom<Value>(), {
    decode: (fields) => ({ kind, ...renamed(fields as object, names) }) as unknown as Value,
    encode: (value) => ({ ...literals, ...renamed(value as object, swapped(names)) }),
  });
}

/** What is wrong across fields, and with which one. */
export type Complaint = { path: (string | number)[]; message: string };

const safeInteger = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** An id that must be there: a positive integer on the wire, a bigint inside. */
export const id = z.codec(safeInteger.min(1), z.bigint(), {
  decode: (number) => BigInt(number),
  encode: (bigint) => Number(bigint),
});

/** An id that may be 0, which means none; absent means 0. */
export const idOrZero = z
  .codec(safeInteger, z.bigint(), {
    decode: (number) => BigInt(number),
    encode: (bigint) => Number(bigint),
  })
  .default(0n);

/** Bytes, milliseconds or how many of something; from 0. */
export const count = safeInteger;

/** Text of at most so many characters; may be empty. */
export function text(charsMax: number) {
  return z.string().max(charsMax);
}

/** Text of 1 to so many characters. */
export function nonEmptyText(charsMax: number) {
  return z.string().min(1).max(charsMax);
}

type FieldNames = ReadonlyMap<string, string>;

function fieldNames(shape: object): FieldNames {
  return new Map(
    Object.keys(shape).map((name) => [
      name,
      name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase()),
    ]),
  );
}

function swapped(names: FieldNames): FieldNames {
  return new Map([...names].map(([from, to]) => [to, from]));
}

function renamed(fields: object, names: FieldNames): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [from, value] of Object.entries(fields)) {
    const to = names.get(from);
    if (to !== undefined && value !== undefined) result[to] = value;
  }
  return result;
}
