// How a segment says how long it is: eight bytes behind the fixed beginning of its codec, for readers that have no manifest.

export type SegmentLengths = { readonly storedBytes: number; readonly rawBytes: number };

/** Bytes of the lengths themselves. */
export const segmentLengthsBytes = 8;

/** Writes the codec's beginning and the lengths to the beginning of `target`. */
export function writeSegmentStart(
  target: Buffer,
  start: Buffer,
  { storedBytes, rawBytes }: SegmentLengths,
): void {
  start.copy(target);
  target.writeUInt32LE(storedBytes, start.length);
  target.writeUInt32LE(rawBytes, start.length + 4);
}

/** The lengths behind the codec's beginning; undefined where the bytes are too few or begin otherwise. */
export function readSegmentStart(bytes: Buffer, start: Buffer): SegmentLengths | undefined {
  if (bytes.length < start.length + segmentLengthsBytes) return undefined;
  if (!bytes.subarray(0, start.length).equals(start)) return undefined;
  return {
    storedBytes: bytes.readUInt32LE(start.length),
    rawBytes: bytes.readUInt32LE(start.length + 4),
  };
}
