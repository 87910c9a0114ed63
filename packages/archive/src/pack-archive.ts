// Packs a directory tree into one compressed tar stream whose memory does not grow with what it packs.
import { createHash } from "node:crypto";
import type { Writable } from "node:stream";
import { createGzip } from "node:zlib";
import { closeCapture } from "./capture.ts";
import type { PackWarnings } from "./pack-warnings.ts";
import { RawBlocks } from "./raw-blocks.ts";
import { readAhead } from "./read-ahead.ts";
import { TarWriter, type EntryCounts } from "./tar-writer.ts";
import { walkTree, type WalkStep } from "./tree-walk.ts";

/** How an archive is compressed. `level`: 1 (fastest) to 9 (smallest). */
export type Compression = { codec: "gzip"; level: number };

export type PackOptions = {
  /** The directory to pack, in raw bytes or as text. It may be a symlink to a directory; symlinks below it are packed as symlinks. */
  rootPath: Buffer | string;
  /** What the directory is called in the archive (`game`): one name, without slashes. */
  rootName: string;
  compression: Compression;
  /** Whether a directory with nothing in it is packed, or fails because its disk may not be mounted. */
  emptyRoot: "refuse" | "allow";
  /** Ends the pack: the bytes end with the signal's reason, and nothing stays open. */
  signal: AbortSignal;
  /** Called after each block of raw data (1 MiB) and at the end. */
  onProgress?: (progress: PackProgress) => void;
};

/** Raw bytes of tar that were compressed, and files whose data is among them or about to be. */
export type PackProgress = { rawBytes: number; files: number };

export type PackSummary = EntryCounts & {
  /** Size of the tar stream, and of what it was compressed to. */
  rawBytes: number;
  storedBytes: number;
  /** SHA-256 of the tar stream, and of what it was compressed to, in hex. */
  rawSha256: string;
  storedSha256: string;
  warnings: PackWarnings;
};

export type PackedArchive = {
  /**
   * The archive. Nothing is opened before the first chunk is asked for, and no more is read than is taken. It can be read once.
   * Ends with a Fault that names the path when something cannot be read, with the signal's reason when it is aborted.
   */
  bytes: AsyncIterable<Uint8Array>;
  /** What was packed; to be asked for after the last of `bytes`. */
  summary(): PackSummary;
};

const blockBytes = 1024 * 1024;
const gzipOutputBytes = 256 * 1024;
/** Steps of the walk under way at once. With at most 64 KiB of data each they hold 2 MiB and 32 descriptors. */
const stepsAheadMax = 32;

/** Packs `rootPath`. Throws a RangeError for a root name or level that no archive can have. */
export function packArchive(options: PackOptions): PackedArchive {
  requireName(options.rootName);
  requireLevel(options.compression.level);
  let summary: PackSummary | undefined;
  return {
    bytes: storedBytes(options, (packed) => {
      summary = packed;
    }),
    summary: () => {
      if (summary === undefined) throw new Error("the archive has not been read to its end");
      return summary;
    },
  };
}

async function* storedBytes(
  options: PackOptions,
  onPacked: (summary: PackSummary) => void,
): AsyncGenerator<Uint8Array, void, void> {
  options.signal.throwIfAborted();
  const taken = new AbortController();
  const signal = AbortSignal.any([options.signal, taken.signal]);
  const gzip = createGzip({ level: options.compression.level, chunkSize: gzipOutputBytes });
  // Errors reach the taker through the iteration; one that comes after its end has nobody left to tell.
  gzip.on("error", () => undefined);
  const stop = (): void => void gzip.destroy(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  const hash = createHash("sha256");
  let bytes = 0;
  const writing = writeTree(options, signal, gzip);
  writing.catch((error: unknown) => gzip.destroy(error as Error));
  try {
    for await (const chunk of gzip as AsyncIterable<Buffer>) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
    onPacked({ ...(await writing), storedBytes: bytes, storedSha256: hash.digest("hex") });
  } finally {
    taken.abort();
    await writing.catch(() => undefined);
  }
}

type TreeSummary = Omit<PackSummary, "storedBytes" | "storedSha256">;

async function writeTree(
  options: PackOptions,
  signal: AbortSignal,
  output: Writable,
): Promise<TreeSummary> {
  const blocks = new RawBlocks(blockBytes, async (block) => {
    signal.throwIfAborted();
    await written(output, block);
    options.onProgress?.({ rawBytes: blocks.rawBytes, files: writer.counts.files });
  });
  const writer = new TarWriter(blocks);
  const walk = walkTree({
    rootPath: Buffer.from(options.rootPath),
    rootName: options.rootName,
    emptyRoot: options.emptyRoot,
    signal,
  });
  for await (const { capture } of readAhead(walk, stepsAheadMax, discard)) {
    await writer.write(await capture);
  }
  await writer.end();
  const rawSha256 = await blocks.end();
  output.end();
  return { ...writer.counts, rawBytes: blocks.rawBytes, rawSha256, warnings: writer.warnings };
}

/** Waits until the stream has used the chunk up, so that its memory may be filled again. */
async function written(output: Writable, chunk: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    output.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function discard({ capture }: WalkStep): Promise<void> {
  const captured = await capture.catch(() => undefined);
  if (captured !== undefined) await closeCapture(captured);
}

function requireName(rootName: string): void {
  const bytes = Buffer.byteLength(rootName);
  if (bytes === 0 || bytes > 255 || /[/\0]/.test(rootName) || /^\.\.?$/.test(rootName)) {
    throw new RangeError(`rootName ${JSON.stringify(rootName)} is not the name of a directory`);
  }
}

function requireLevel(level: number): void {
  if (!Number.isInteger(level) || level < 1 || level > 9) {
    throw new RangeError(`compression level ${level} is not a whole number from 1 to 9`);
  }
}
