// From a body to a value and back. A body that cannot be used comes back as one line that names the field, for the dead-letter
// queue and the log; it never throws, since a throw in a consumer would bring the same body back for ever.
import { z } from "zod";

/** A value, or why there is none: one line of at most 500 characters that starts with the field (`parts[3].etag: …`). */
export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

const reasonCharsMax = 500;

/** Reads a body of at most so many bytes by its schema. */
export function readBody<T>(
  schema: z.ZodType<T>,
  body: string | Uint8Array,
  bytesMax: number,
): Parsed<T> {
  const bytes = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  if (bytes > bytesMax) return unusable(`body: ${bytes} bytes are more than ${bytesMax}`);
  let json: unknown;
  try {
    json = JSON.parse(typeof body === "string" ? body : utf8.decode(body));
  } catch (error) {
    return unusable(`body: not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = z.safeDecode(schema, json);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  return unusable(issue ? `${fieldPath(issue.path)}: ${issue.message}` : "body: not usable");
}

/** Writes a value; one that its own schema refuses, or that makes too large a body, is a bug of the caller and throws. */
export function writeBody(schema: z.ZodType, value: unknown, bytesMax: number): string {
  const encoded = z.safeEncode(schema, value);
  if (!encoded.success) {
    const [issue] = encoded.error.issues;
    throw new RangeError(`${fieldPath(issue?.path ?? [])}: ${issue?.message}`);
  }
  const body = JSON.stringify(encoded.data);
  const bytes = Buffer.byteLength(body);
  if (bytes > bytesMax) throw new RangeError(`body: ${bytes} bytes are more than ${bytesMax}`);
  return body;
}

/** A refusal to use a body, in one line. */
export function unusable(reason: string): { ok: false; reason: string } {
  return { ok: false, reason: reason.replaceAll(/\s+/g, " ").slice(0, reasonCharsMax) };
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function fieldPath(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "body";
  return path
    .map((step, place) => {
      if (typeof step === "number") return `[${step}]`;
      return place === 0 ? String(step) : `.${String(step)}`;
    })
    .join("");
}
