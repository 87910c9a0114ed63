// Reads one plain tar header: ustar as POSIX has it, or GNU's. Everything that a field may not hold is refused, because two readers that
// guess differently about a header disagree about all that follows it.
import { tarBlockBytes } from "../tar/tar-header.ts";

export type HeaderBlock = {
  readonly typeFlag: string;
  /** Raw bytes, the prefix included. */
  readonly path: Buffer;
  readonly target: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: bigint;
};

const checksumOffset = 148;
const checksumBytes = 8;
const space = 0x20;

/** Fails with an Error that says what is wrong. */
export function decodeHeaderBlock(block: Buffer): HeaderBlock {
  requireChecksum(block);
  const magic = block.toString("latin1", 257, 265);
  if (magic !== "ustar\u000000" && magic !== "ustar  \0") throw new Error("is no ustar header");
  const name = textIn(block, 0, 100);
  const prefix = magic === "ustar\u000000" ? textIn(block, 345, 155) : Buffer.alloc(0);
  return {
    typeFlag: String.fromCharCode(block[156] as number),
    path: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]),
    target: textIn(block, 157, 100),
    // File kinds above the permission bits were common in old headers, and say what the type says.
    mode: Number(numberIn(block, 100, 8, "mode") & 0o7777n),
    uid: smallNumberIn(block, 108, 8, "uid"),
    gid: smallNumberIn(block, 116, 8, "gid"),
    sizeBytes: smallNumberIn(block, 124, 12, "size"),
    mtimeSeconds: numberIn(block, 136, 12, "mtime"),
  };
}

/** Whether a block is the mark of the end, or filling behind it. */
export function isZeroBlock(block: Buffer): boolean {
  return block.compare(zeros) === 0;
}

const zeros = Buffer.alloc(tarBlockBytes);

function requireChecksum(block: Buffer): void {
  let sum = checksumBytes * space;
  for (let at = 0; at < tarBlockBytes; at += 1) {
    if (at < checksumOffset || at >= checksumOffset + checksumBytes) sum += block[at] as number;
  }
  if (numberIn(block, checksumOffset, checksumBytes, "checksum") !== BigInt(sum)) {
    throw new Error("has another checksum");
  }
}

/** Up to the first NUL, if there is one. */
function textIn(block: Buffer, offset: number, width: number): Buffer {
  const field = block.subarray(offset, offset + width);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end));
}

function smallNumberIn(block: Buffer, offset: number, width: number, name: string): number {
  const value = numberIn(block, offset, width, name);
  if (value < 0n || value > BigInt(Number.MAX_SAFE_INTEGER))
    throw new Error(`has no possible ${name}`);
  return Number(value);
}

/** Octal digits, or bytes of two's complement behind a set first bit, as GNU writes what octal has no room for. An empty field is 0. */
function numberIn(block: Buffer, offset: number, width: number, name: string): bigint {
  const field = block.subarray(offset, offset + width);
  const first = field[0] as number;
  if (first === 0x80 || first === 0xff) {
    const value = BigInt(`0x${field.toString("hex", 1)}`);
    return first === 0xff ? value - (1n << BigInt(8 * (width - 1))) : value;
  }
  const match = /^ *([0-7]*)[ \0]*$/.exec(field.toString("latin1"));
  if (match === null) throw new Error(`has no number as ${name}`);
  return match[1] === "" ? 0n : BigInt(`0o${match[1]}`);
}
