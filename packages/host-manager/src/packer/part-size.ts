// How large each part of an upload is, when nobody knows how large the archive becomes: an upload has at most 10,000 parts.

const mib = 1024 * 1024;

/** Parts that an upload may have. */
export const partsMax = 10_000;
/** The largest part that S3 takes. */
const partBytesMax = 5 * 1024 * mib;
/** Parts before the size begins to grow: 39 GiB of 8 MiB each. */
const levelParts = 5_000;
/** From then on the size doubles every so many parts. */
const stepParts = 500;
/** An archive of the expected size has at most so many parts; the rest is for what grows while it is read. */
const plannedParts = 8_000;

/**
 * Bytes of part `number` (from 1) of an upload whose first parts have `leastBytes` (at least 8 MiB).
 *
 *     min(5 GiB, max(least, ceil(expected / 8,000), least * 2^ceil(max(0, number - 5,000) / 500)))
 *
 * 10,000 such parts hold more than 5 TiB even when nothing is expected. `expectedBytes`, which may become known on the way (0 until
 * then), keeps the parts of a large archive about equal, and so the memory that holds them small.
 */
export function partSizeBytes(number: number, leastBytes: number, expectedBytes: number): number {
  const evenBytes = Math.ceil(expectedBytes / plannedParts / mib) * mib;
  const doublings = Math.ceil(Math.max(0, number - levelParts) / stepParts);
  return Math.min(partBytesMax, Math.max(leastBytes, evenBytes, leastBytes * 2 ** doublings));
}

/**
 * Parts that may be on their way while the next one is filled: two, or one where three buffers of that size would take
 * more than `memoryBytesMax`.
 */
export function partsInFlight(sizeBytes: number, memoryBytesMax: number): number {
  return sizeBytes * 3 <= memoryBytesMax ? 2 : 1;
}
