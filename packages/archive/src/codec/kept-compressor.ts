// Compressors of node:zlib that are made once and write where they are told. Its own synchronous functions make everything anew for
// each call, a state of some MiB and memory for the result, which for thousands of segments costs more than zstd takes to compress them.
import {
  constants,
  createDeflateRaw,
  createZstdCompress,
  deflateRawSync,
  zstdCompressSync,
} from "node:zlib";

/**
 * Compresses a piece into `target` and gives the bytes that it took, or undefined where they are not fewer than `target` has. The same
 * piece always gives the same bytes, whatever was compressed before it.
 */
export type KeptCompressor = (piece: Buffer, target: Buffer) => number | undefined;

/** Without an end, up to a byte's border. Nothing refers to what came before. */
export const keptDeflate = onceForEach(
  (level) =>
    fastCompressor(createDeflateRaw({ level }), { flush: constants.Z_SYNC_FLUSH, isReset: true }) ??
    plainDeflate(level),
);

/** One frame with its content's size and a checksum. */
export const keptZstd = onceForEach(
  (level) =>
    fastCompressor(createZstdCompress({ params: zstdParams(level) }), {
      flush: constants.ZSTD_e_end,
      isReset: false,
    }) ?? plainZstd(level),
);

/** What `keptDeflate` does, by documented functions alone. */
export function plainDeflate(level: number): KeptCompressor {
  return (piece, target) => {
    const chunkSize = target.length + deflateSlackBytes;
    const options = { level, chunkSize, finishFlush: constants.Z_SYNC_FLUSH };
    return fitting(deflateRawSync(piece, options), target);
  };
}

/** What `keptZstd` does, by documented functions alone. */
export function plainZstd(level: number): KeptCompressor {
  return (piece, target) => {
    // A whole piece at once: the frame then says its content's size, and is built in one piece.
    const options = { params: zstdParams(level), chunkSize: target.length };
    return fitting(zstdCompressSync(piece, options), target);
  };
}

/** So that what does not become smaller still comes out in one chunk. */
const deflateSlackBytes = 1_024;

/**
 * What a stream of node:zlib works with. It is not documented, though npm stands on it; what is not there as it is known is not used.
 * `_writeState`: bytes of the output and of the input that are left after a call.
 */
type Inside = {
  readonly _handle?: {
    readonly reset?: () => void;
    readonly writeSync?: (
      flush: number,
      input: Buffer,
      inputOffset: number,
      inputBytes: number,
      output: Buffer,
      outputOffset: number,
      outputBytes: number,
    ) => void;
  };
  readonly _writeState?: Uint32Array;
};

/**
 * Undefined where this Node's streams are otherwise inside. `isReset`: whether the stream must be begun anew for each piece; one of zstd
 * begins a frame by itself where it ended one, and forgets its parameters when it is reset.
 */
function fastCompressor(
  stream: object,
  { flush, isReset }: { readonly flush: number; readonly isReset: boolean },
): KeptCompressor | undefined {
  const { _handle: handle, _writeState: left } = stream as Inside;
  if (typeof handle?.writeSync !== "function" || typeof handle.reset !== "function")
    return undefined;
  if (!(left instanceof Uint32Array) || left.length !== 2) return undefined;
  let failure: string | undefined;
  const onerror = (message: string): void => {
    failure = message;
  };
  Object.assign(handle, { onerror });
  return function fast(piece, target) {
    if (isReset) handle.reset?.();
    handle.writeSync?.(flush, piece, 0, piece.length, target, 0, target.length);
    if (failure !== undefined) throw new Error(`compress: ${failure}`);
    const [outputLeft = 0] = left;
    return outputLeft === 0 ? undefined : target.length - outputLeft;
  };
}

function zstdParams(level: number): Record<number, number> {
  return {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_checksumFlag]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  };
}

function fitting(compressed: Buffer, target: Buffer): number | undefined {
  return compressed.length < target.length ? compressed.copy(target) : undefined;
}

function onceForEach(make: (level: number) => KeptCompressor): (level: number) => KeptCompressor {
  const made = new Map<number, KeptCompressor>();
  return (level) => {
    const compressor = made.get(level) ?? make(level);
    made.set(level, compressor);
    return compressor;
  };
}
