// Writes the records of a pax extended header: what a plain header has no room for, as "length key=value" lines of raw bytes.
import { isUtf8 } from "node:buffer";

export type PaxRecord = { key: string; value: Buffer };

/**
 * The records one after another. Values that are not UTF-8 are announced by `hdrcharset=BINARY`, without which
 * a reader may take them for damaged text and rename the file.
 */
export function encodePaxRecords(records: readonly PaxRecord[]): Buffer {
  const binary = records.some(({ value }) => !isUtf8(value));
  const announced = binary ? [{ key: "hdrcharset", value: Buffer.from("BINARY") }] : [];
  return Buffer.concat([...announced, ...records].map(encodeRecord));
}

/** The length counts its own digits, so it is found by trying. */
function encodeRecord({ key, value }: PaxRecord): Buffer {
  const restBytes = 1 + key.length + 1 + value.length + 1;
  let length = restBytes + 1;
  while (length !== restBytes + String(length).length) length = restBytes + String(length).length;
  return Buffer.concat([Buffer.from(`${length} ${key}=`), value, Buffer.from("\n")]);
}
