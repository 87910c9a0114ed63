// Reads a tar stream strictly: what POSIX (ustar, pax) and GNU tar write, as raw bytes. It is our own because the `tar` package's parser
// goes on after bad checksums, turns names into text, and leaves to its caller what a size that lies does.
import type { EntryAttributes } from "../tar/archive-entry.ts";
import { pathBytesMax } from "../archive-path.ts";
import { tarBlockBytes } from "../tar/tar-header.ts";
import { decodePaxRecords, type PaxFields } from "./pax-reader.ts";
import { decodeHeaderBlock, isZeroBlock, type HeaderBlock } from "./tar-header-block.ts";

/** An entry as its headers say it, unchecked: paths may be anything. */
export type TarEntry = EntryAttributes & {
  readonly kind: "file" | "directory" | "symlink" | "hardlink";
  readonly path: Buffer;
  /** Empty for what is no link. */
  readonly target: Buffer;
  /** 0 for what is no file. */
  readonly sizeBytes: number;
};

/** Told what comes, in order. What it throws ends the reading. */
export type TarHandler = {
  /** The offset in the stream of the entry's first header, and of its data. */
  onEntry(entry: TarEntry, headerOffset: number, dataOffset: number): void;
  /** The next bytes of the entry's data; their memory is good for the call only. */
  onData(bytes: Buffer): void;
  /** The entry's data is complete. */
  onEntryEnd(): void;
};

/** Extended headers hold paths and attributes; nobody needs a megabyte of them. */
const extendedBytesMax = 1024 * 1024;
const paddingTypes = { paxEntry: "x", paxAll: "g", longName: "L", longLink: "K" } as const;

const kinds: Readonly<Record<string, TarEntry["kind"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

const refusedTypes: Readonly<Record<string, string>> = {
  "3": "a character device",
  "4": "a block device",
  "6": "a fifo",
  S: "a sparse file in GNU's form, which is not read",
  M: "the rest of a file from another volume",
  D: "a directory listing of GNU's incremental form, which is not read",
};

export class TarReader {
  readonly #handler: TarHandler;
  #state: "header" | "extended" | "data" | "zeros" = "header";
  readonly #block = Buffer.alloc(tarBlockBytes);
  #blockFilled = 0;
  /** Of the entry or extended header being read: bytes still to come, and padding behind them. */
  #bytesLeft = 0;
  #paddingLeft = 0;
  #extended: Buffer[] = [];
  #extendedType = "";
  #fields: PaxFields = {};
  #headerOffset: number | undefined;
  #offset = 0;
  #zeroBlocks = 0;

  constructor(handler: TarHandler) {
    this.#handler = handler;
  }

  /** Bytes taken so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Whether the end has been read: two blocks of zeros. Only more zeros may follow. */
  get isEnded(): boolean {
    return this.#zeroBlocks >= 2;
  }

  /** Bytes of data that are still to come of the entry being read, with its padding; 0 between entries. */
  get entryBytesLeft(): number {
    return this.#state === "data" ? this.#bytesLeft + this.#paddingLeft : 0;
  }

  /** Whether the next byte begins a header that nothing else belongs to. */
  get isBetweenEntries(): boolean {
    return this.#state === "header" && this.#blockFilled === 0 && this.#headerOffset === undefined;
  }

  /** Takes the next bytes of the stream. Fails with an Error that says what is wrong with it, or with what the handler throws. */
  feed(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const taken =
        this.#state === "header" || this.#state === "zeros"
          ? this.#takeBlock(bytes, at)
          : this.#takeContent(bytes, at);
      at += taken;
      this.#offset += taken;
      this.#settle();
    }
  }

  /** Passes over bytes of the stream that are lost, which all belong to the data of the entry being read. */
  skip(bytes: number): void {
    const data = Math.min(bytes, this.#bytesLeft);
    this.#bytesLeft -= data;
    this.#paddingLeft -= Math.min(bytes - data, this.#paddingLeft);
    this.#offset += bytes;
    this.#endContent();
  }

  /** Begins anew with a header, after a loss. */
  resume(lostBytes: number): void {
    this.#state = "header";
    this.#blockFilled = 0;
    this.#bytesLeft = 0;
    this.#paddingLeft = 0;
    this.#forget();
    this.#offset += lostBytes;
  }

  /** The stream has ended. Fails with an Error when it is cut off. */
  end(): void {
    if (!this.isEnded || this.#blockFilled > 0) throw new Error("the tar stream is cut off");
  }

  #takeBlock(bytes: Buffer, at: number): number {
    const taken = bytes.copy(this.#block, this.#blockFilled, at);
    this.#blockFilled += taken;
    return taken;
  }

  #settle(): void {
    if (this.#blockFilled < tarBlockBytes) return;
    this.#blockFilled = 0;
    if (isZeroBlock(this.#block)) this.#takeZeros();
    else if (this.#zeroBlocks > 0)
      throw new Error("something stands behind the end of the tar stream");
    else this.#takeHeader();
  }

  #takeZeros(): void {
    if (this.#headerOffset !== undefined)
      throw new Error("an extended header has no entry behind it");
    this.#zeroBlocks += 1;
    this.#state = "zeros";
  }

  #takeHeader(): void {
    // The offset is behind this block by now.
    this.#headerOffset ??= this.#offset - tarBlockBytes;
    const header = decodeHeaderBlock(this.#block);
    if ((Object.values(paddingTypes) as string[]).includes(header.typeFlag))
      this.#beginExtended(header);
    else this.#beginEntry(header);
  }

  #beginExtended({ typeFlag, sizeBytes }: HeaderBlock): void {
    if (sizeBytes === 0 || sizeBytes > extendedBytesMax) {
      throw new Error(`has an extended header of ${sizeBytes} bytes`);
    }
    this.#state = "extended";
    this.#extendedType = typeFlag;
    this.#extended = [];
    this.#bytesLeft = sizeBytes;
    this.#paddingLeft = paddingBytes(sizeBytes);
  }

  #beginEntry(header: HeaderBlock): void {
    const entry = entryOf(header, this.#fields);
    this.#handler.onEntry(entry, this.#headerOffset as number, this.#offset);
    this.#forget();
    this.#state = "data";
    this.#bytesLeft = entry.sizeBytes;
    this.#paddingLeft = paddingBytes(entry.sizeBytes);
    if (this.#bytesLeft === 0) this.#endContent();
  }

  #takeContent(bytes: Buffer, at: number): number {
    if (this.#bytesLeft === 0) {
      const padding = Math.min(this.#paddingLeft, bytes.length - at);
      this.#paddingLeft -= padding;
      this.#endContent();
      return padding;
    }
    const content = bytes.subarray(at, at + this.#bytesLeft);
    if (this.#state === "data") this.#handler.onData(content);
    else this.#extended.push(Buffer.from(content));
    this.#bytesLeft -= content.length;
    this.#endContent();
    return content.length;
  }

  #endContent(): void {
    if (this.#bytesLeft > 0 || this.#paddingLeft > 0) return;
    const wasData = this.#state === "data";
    this.#state = "header";
    if (wasData) this.#handler.onEntryEnd();
    else this.#takeExtended(Buffer.concat(this.#extended));
  }

  #takeExtended(content: Buffer): void {
    if (this.#extendedType === paddingTypes.longName) this.#fields.path = textOf(content);
    else if (this.#extendedType === paddingTypes.longLink) this.#fields.target = textOf(content);
    else if (this.#extendedType === paddingTypes.paxEntry) {
      this.#fields = { ...this.#fields, ...decodePaxRecords(content) };
    } else {
      if (Object.keys(decodePaxRecords(content)).length > 0) {
        throw new Error("has records for all entries at once, which are not read");
      }
      this.#headerOffset = undefined;
    }
  }

  #forget(): void {
    this.#fields = {};
    this.#headerOffset = undefined;
  }
}

function entryOf(header: HeaderBlock, fields: PaxFields): TarEntry {
  const kind = kinds[header.typeFlag];
  if (kind === undefined) {
    const what =
      refusedTypes[header.typeFlag] ?? `of unknown type ${JSON.stringify(header.typeFlag)}`;
    throw new Error(`is ${what}`);
  }
  const path = fields.path ?? header.path;
  if (path.length > pathBytesMax) throw new Error(`has a path of ${path.length} bytes`);
  const sizeBytes = fields.sizeBytes ?? header.sizeBytes;
  if (kind !== "file" && sizeBytes !== 0) throw new Error(`is a ${kind} of ${sizeBytes} bytes`);
  return {
    kind,
    path,
    target: fields.target ?? header.target,
    sizeBytes,
    mode: header.mode,
    uid: idOf(fields.uid ?? header.uid),
    gid: idOf(fields.gid ?? header.gid),
    mtimeNs: timeOf(fields.mtimeNs ?? header.mtimeSeconds * 1_000_000_000n),
  };
}

/** Beyond some two hundred million years no file system keeps a time, and seconds no longer fit a number. */
function timeOf(ns: bigint): bigint {
  const limit = BigInt(Number.MAX_SAFE_INTEGER) * 1_000_000_000n;
  if (ns > limit || ns < -limit) throw new Error("has an impossible time");
  return ns;
}

function idOf(id: number): number {
  if (id >= 2 ** 32 - 1) throw new Error(`belongs to nobody possible (${id})`);
  return id;
}

/** GNU's long names end with a NUL. */
function textOf(content: Buffer): Buffer {
  const end = content.indexOf(0);
  return end < 0 ? content : content.subarray(0, end);
}

function paddingBytes(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}
