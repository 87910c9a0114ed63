// Writes the tar header of an entry as bytes. It is our own because names are raw bytes, and because equal trees must
// give equal bytes for as long as archives are kept, whatever a library's next version pads differently.
import type { ArchiveEntry } from "./archive-entry.ts";
import { encodePaxRecords, type PaxRecord } from "./pax-records.ts";

export const tarBlockBytes = 512;
/** Two zero blocks say that nothing follows. */
export const tarEndBytes = 2 * tarBlockBytes;

const nameBytesMax = 100;
const idMax = 0o7777777;
const numberMax = 0o77777777777;
const nsPerSecond = 1_000_000_000n;

const typeFlags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;
const paxTypeFlag = "x";

/**
 * The header of one entry: a pax extended header with its records, and the plain (ustar) header.
 * Every entry has the records that carry its time to the nanosecond; the others stand there only where the plain header has no room.
 * The length is a multiple of 512.
 */
export function encodeTarHeader(entry: ArchiveEntry): Buffer {
  const records = encodePaxRecords(paxRecords(entry));
  const paddedBytes = Math.ceil(records.length / tarBlockBytes) * tarBlockBytes;
  const header = Buffer.alloc(tarBlockBytes + paddedBytes + tarBlockBytes);
  writeBlock(header.subarray(0, tarBlockBytes), {
    path: Buffer.from("PaxHeader"),
    mode: 0o644,
    uid: 0,
    gid: 0,
    sizeBytes: records.length,
    mtimeSeconds: 0,
    typeFlag: paxTypeFlag,
    target: undefined,
  });
  records.copy(header, tarBlockBytes);
  writeBlock(header.subarray(tarBlockBytes + paddedBytes), {
    path: entry.path,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    sizeBytes: entry.kind === "file" ? entry.sizeBytes : 0,
    mtimeSeconds: Number(floorSeconds(entry.mtimeNs)),
    typeFlag: typeFlags[entry.kind],
    target: "target" in entry ? entry.target : undefined,
  });
  return header;
}

function paxRecords(entry: ArchiveEntry): PaxRecord[] {
  const records: PaxRecord[] = [];
  const add = (key: string, value: Buffer | string): void => {
    records.push({ key, value: Buffer.from(value) });
  };
  if (entry.path.length > nameBytesMax) add("path", entry.path);
  if ("target" in entry && entry.target.length > nameBytesMax) add("linkpath", entry.target);
  if (entry.kind === "file" && entry.sizeBytes > numberMax) add("size", String(entry.sizeBytes));
  if (entry.uid > idMax) add("uid", String(entry.uid));
  if (entry.gid > idMax) add("gid", String(entry.gid));
  add("mtime", decimalSeconds(entry.mtimeNs));
  return records;
}

/** Seconds with nine digits; -1.5 s is "-1.500000000", not the pair (-2, 500000000) that the kernel keeps. */
function decimalSeconds(ns: bigint): string {
  const size = ns < 0n ? -ns : ns;
  const fraction = String(size % nsPerSecond).padStart(9, "0");
  return `${ns < 0n ? "-" : ""}${size / nsPerSecond}.${fraction}`;
}

function floorSeconds(ns: bigint): bigint {
  const seconds = ns / nsPerSecond;
  return ns < seconds * nsPerSecond ? seconds - 1n : seconds;
}

type BlockFields = {
  path: Buffer;
  mode: number;
  uid: number;
  gid: number;
  sizeBytes: number;
  mtimeSeconds: number;
  typeFlag: string;
  target: Buffer | undefined;
};

/** Fills a zeroed block. What does not fit is cut to the field, because a pax record says it in full; names of users and groups stay empty. */
function writeBlock(block: Buffer, fields: BlockFields): void {
  fields.path.copy(block, 0, 0, nameBytesMax);
  writeOctal(block, 100, 8, fields.mode);
  writeOctal(block, 108, 8, fields.uid);
  writeOctal(block, 116, 8, fields.gid);
  writeOctal(block, 124, 12, fields.sizeBytes);
  writeOctal(block, 136, 12, fields.mtimeSeconds);
  block.write("        ", 148, "latin1");
  block.write(fields.typeFlag, 156, "latin1");
  fields.target?.copy(block, 157, 0, nameBytesMax);
  block.write("ustar\u000000", 257, "latin1");
  writeOctal(block, 329, 8, 0);
  writeOctal(block, 337, 8, 0);
  let sum = 0;
  for (let i = 0; i < tarBlockBytes; i += 1) sum += block[i] as number;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

/** Octal digits and a NUL. A number beyond the field becomes the nearest that fits, so that an owner too large never reads as root. */
function writeOctal(block: Buffer, offset: number, width: number, value: number): void {
  const digits = width - 1;
  const fitting = Math.min(Math.max(value, 0), 8 ** digits - 1);
  block.write(fitting.toString(8).padStart(digits, "0"), offset, "latin1");
}
