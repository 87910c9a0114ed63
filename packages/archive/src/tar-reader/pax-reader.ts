// Reads the records of a pax extended header and takes out those that say what an entry is. All others (comments, extended attributes,
// a library's own notes) change nothing that is restored, and are passed over.

/** What records say, each undefined where none does. */
export type PaxFields = {
  path?: Buffer;
  target?: Buffer;
  sizeBytes?: number;
  uid?: number;
  gid?: number;
  mtimeNs?: bigint;
};

const nsDigits = 9;
const space = 0x20;
const equals = 0x3d;
const newline = 0x0a;

/** Fails with an Error that says what is wrong. Where a key stands twice, the last one counts, as POSIX has it. */
export function decodePaxRecords(records: Buffer): PaxFields {
  const fields: PaxFields = {};
  for (let at = 0; at < records.length;) {
    const lengthEnd = records.indexOf(space, at);
    const digits = records.toString("latin1", at, Math.max(lengthEnd, at));
    const end = at + Number(digits);
    if (!/^[1-9]\d{0,9}$/.test(digits) || end > records.length || records[end - 1] !== newline) {
      throw new Error("has a pax record of no possible length");
    }
    const keyEnd = records.indexOf(equals, lengthEnd);
    if (keyEnd < 0 || keyEnd >= end) throw new Error("has a pax record without a key");
    const key = records.toString("latin1", lengthEnd + 1, keyEnd);
    take(fields, key, records.subarray(keyEnd + 1, end - 1));
    at = end;
  }
  return fields;
}

function take(fields: PaxFields, key: string, value: Buffer): void {
  if (key.startsWith("GNU.sparse."))
    throw new Error("is a sparse file in GNU's form, which is not read");
  if (key === "path") fields.path = Buffer.from(value);
  else if (key === "linkpath") fields.target = Buffer.from(value);
  else if (key === "size") fields.sizeBytes = wholeOf(key, value);
  else if (key === "uid") fields.uid = wholeOf(key, value);
  else if (key === "gid") fields.gid = wholeOf(key, value);
  else if (key === "mtime") fields.mtimeNs = timeOf(value);
}

function wholeOf(key: string, value: Buffer): number {
  const text = value.toString("latin1");
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number)) {
    throw new Error(`has a pax ${key} that is no number`);
  }
  return number;
}

/** Decimal seconds; digits beyond the ninth are cut off. */
function timeOf(value: Buffer): bigint {
  const match = /^(-?)(\d{1,18})(?:\.(\d*))?$/.exec(value.toString("latin1"));
  if (match === null) throw new Error("has a pax mtime that is no number");
  const [, sign, seconds = "", fraction = ""] = match;
  const ns =
    BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, nsDigits).padEnd(nsDigits, "0"));
  return sign === "-" ? -ns : ns;
}
