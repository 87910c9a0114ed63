// The opaque tokens of pages. A token names where the next page begins and is bound to the query it came from, so that one that was
// tampered with, or that is used with other filters, is refused instead of giving a page of something else.
import { hash } from "node:crypto";

/** What a list is asked for: the method and its filters, page size left out. Values are compared by their text. */
export type ListQuery = {
  readonly method: string;
  readonly filters: readonly (string | bigint | number | boolean)[];
};

const version = 1;
const idBytes = 8;
const digestBytes = 12;

/** The token of the page that begins below `beforeId`. */
export function pageToken(query: ListQuery, beforeId: bigint): string {
  const head = Buffer.alloc(1 + idBytes);
  head.writeUInt8(version);
  head.writeBigInt64BE(beforeId, 1);
  return Buffer.concat([head, digest(head, query)]).toString("base64url");
}

/** The id that the token names; undefined for a token that was not made for this query. */
export function readPageToken(query: ListQuery, token: string): bigint | undefined {
  const bytes = Buffer.from(token, "base64url");
  // Decoding skips what is no base64url; only the text that encoding gives back is taken.
  if (bytes.length !== 1 + idBytes + digestBytes || bytes.toString("base64url") !== token) {
    return undefined;
  }
  const head = bytes.subarray(0, 1 + idBytes);
  if (head.readUInt8() !== version) return undefined;
  if (!digest(head, query).equals(bytes.subarray(1 + idBytes))) return undefined;
  return head.readBigInt64BE(1);
}

/** A token grants nothing that its query would not, so the digest guards against mistakes and needs no key. */
function digest(head: Buffer, { method, filters }: ListQuery): Buffer {
  const asked = JSON.stringify([method, ...filters.map(String)]);
  return hash("sha256", Buffer.concat([head, Buffer.from(asked)]), "buffer").subarray(
    0,
    digestBytes,
  );
}
