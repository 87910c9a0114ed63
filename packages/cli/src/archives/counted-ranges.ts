// Counts what is read of an archive, which is how far an extraction or a check is.
import type { ReadRanges } from "@manman/archive/read-ranges.ts";

/** The same ranges; `onRead` is told the length of each that was read. */
export function countedRanges(ranges: ReadRanges, onRead: (bytes: number) => void): ReadRanges {
  return {
    sizeBytes: ranges.sizeBytes,
    read: async (offset, length) => {
      const bytes = await ranges.read(offset, length);
      onRead(bytes.length);
      return bytes;
    },
  };
}
