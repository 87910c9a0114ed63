// Reads pieces of a stored object, wherever it lies: the one thing that manifests and archives are read through.
import { open, type FileHandle } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";
import { fileSystemFault } from "./file-system-fault.ts";

/** An object that does not change while it is read. */
export type ReadRanges = {
  readonly sizeBytes: number;
  /**
   * Exactly `length` bytes from `offset` on, both within the object, in memory that nobody else writes to. Fails with a Fault: `away`
   * where trying again may help. Reads may run side by side.
   */
  read(offset: number, length: number): Promise<Buffer>;
};

/** Ranges of a file on disk, until it is closed. */
export type FileRanges = ReadRanges & { close(): Promise<void> };

/** Opens a file for reading ranges. Fails with a Fault that names it. */
export async function openFileRanges(path: string): Promise<FileRanges> {
  let handle: FileHandle;
  try {
    handle = await open(path, "r");
  } catch (error) {
    throw fileSystemFault(error, "open", path);
  }
  const { size } = await handle.stat();
  return {
    sizeBytes: size,
    read: async (offset, length) => await readWhole(handle, path, offset, length),
    close: async () => {
      await handle.close();
    },
  };
}

/** Ranges of bytes in memory. */
export function memoryRanges(bytes: Buffer): ReadRanges {
  return {
    sizeBytes: bytes.length,
    read: async (offset, length) => {
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        throw new Fault("corrupt", `read ${length} bytes at ${offset} of ${bytes.length}`);
      }
      return Buffer.from(bytes.subarray(offset, offset + length));
    },
  };
}

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

/**
 * Reads ahead, for whoever goes through an object from its beginning to its end in small steps: one range of `aheadBytes` serves many
 * of them. Holds `aheadBytes` of memory. One read at a time.
 */
export function readAheadRanges(ranges: ReadRanges, aheadBytes: number): ReadRanges {
  let from = 0;
  let held: Buffer = Buffer.alloc(0);
  return {
    sizeBytes: ranges.sizeBytes,
    read: async (offset, length) => {
      if (offset < from || offset + length > from + held.length) {
        const wanted = Math.min(Math.max(length, aheadBytes), ranges.sizeBytes - offset);
        held = await ranges.read(offset, Math.max(wanted, length));
        from = offset;
      }
      return held.subarray(offset - from, offset - from + length);
    },
  };
}

async function readWhole(
  handle: FileHandle,
  path: string,
  offset: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let filled = 0; filled < length;) {
    let bytesRead: number;
    try {
      ({ bytesRead } = await handle.read(bytes, filled, length - filled, offset + filled));
    } catch (error) {
      throw fileSystemFault(error, "read", path);
    }
    if (bytesRead === 0) {
      throw new Fault("corrupt", `read ${path}: it ends at byte ${offset + filled}`);
    }
    filled += bytesRead;
  }
  return bytes;
}
