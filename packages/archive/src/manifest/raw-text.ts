// Raw bytes of names in JSON: text where they are UTF-8, which nearly all are, and base64 where not.
import { isUtf8 } from "node:buffer";
import { field, objectOf } from "./json-fields.ts";

export type RawText = string | { readonly b64: string };

export function encodeRawText(bytes: Buffer): RawText {
  return isUtf8(bytes) ? bytes.toString("utf8") : { b64: bytes.toString("base64") };
}

/** The bytes back. Fails with an Error naming `what`. Each byte string has one form only. */
export function decodeRawText(value: unknown, what: string): Buffer {
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new Error(`${what} holds half a character`);
    return Buffer.from(value, "utf8");
  }
  const b64 = field(objectOf(value, what), "b64");
  if (typeof b64 !== "string") throw new Error(`${what} is neither text nor base64`);
  const bytes = Buffer.from(b64, "base64");
  if (isUtf8(bytes) || bytes.toString("base64") !== b64) {
    throw new Error(`${what} is not written in its only form`);
  }
  return bytes;
}
