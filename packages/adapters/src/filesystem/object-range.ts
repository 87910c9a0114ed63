// Reads ranges of objects through one open file, so that an object which is replaced or removed meanwhile is still read as it was.
import { open, type FileHandle } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";
import { rangeProblem } from "@manman/core/object-range.ts";
import { objectReadBytesMax, type ObjectRange, type ObjectReader } from "@manman/core/ports.ts";
import { orFault, unlessMissing } from "./folder-fault.ts";
import type { FolderLayout } from "./folder-layout.ts";
import { throwMissing } from "./folder-presence.ts";
import { etagOf } from "./object-file.ts";

export function folderRangeReader(layout: FolderLayout): Pick<ObjectReader, "readRange"> {
  return {
    readRange: async (range) => {
      const context = `read ${range.objectKey} from byte ${range.offsetBytes}`;
      return await orFault(context, async () => {
        if (range.signal.aborted) throw new Fault("away", `${context}: called off`);
        const opened = await openRange(layout, range, objectReadBytesMax, context);
        try {
          return await readFirst(opened.pieces(range.lengthBytes));
        } finally {
          await opened.close();
        }
      });
    },
  };
}

type OpenRange = {
  /** The bytes of the range, at most `bytesMax` at a time, all in the same memory. */
  readonly pieces: (bytesMax: number) => AsyncGenerator<Uint8Array>;
  readonly close: () => Promise<void>;
};

/** Throws `missing` where there is no such object, `rejected` where it is another than the range is of. */
export async function openRange(
  layout: FolderLayout,
  range: ObjectRange,
  bytesMax: number,
  context: string,
): Promise<OpenRange> {
  const { objectKey, etag, offsetBytes, lengthBytes } = range;
  const problem = rangeProblem(range, bytesMax);
  if (problem !== null) throw new Fault("rejected", `${context}: ${problem}`);
  const handle = await unlessMissing(open(layout.object(objectKey), "r"), null);
  if (handle === null) return await throwMissing(layout, `${context}: there is no ${objectKey}`);
  try {
    const found = await handle.stat({ bigint: true });
    if (etagOf(found) !== etag) {
      throw new Fault("rejected", `${context}: ${objectKey} is another object by now`);
    }
    const end = offsetBytes + lengthBytes;
    if (BigInt(end) > found.size) {
      throw new Fault("rejected", `${context}: ${objectKey} ends before byte ${end}`);
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  return {
    pieces: (pieceBytes) => readPieces(handle, range, pieceBytes, context),
    close: async () => await handle.close(),
  };
}

async function* readPieces(
  handle: FileHandle,
  { objectKey, offsetBytes, lengthBytes }: ObjectRange,
  pieceBytes: number,
  context: string,
): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceBytes, lengthBytes));
  for (let done = 0; done < lengthBytes;) {
    const wanted = Math.min(buffer.length, lengthBytes - done);
    let filled = 0;
    while (filled < wanted) {
      const at = offsetBytes + done + filled;
      const { bytesRead } = await handle.read(buffer, filled, wanted - filled, at);
      if (bytesRead === 0) throw new Fault("corrupt", `${context}: ${objectKey} was cut off`);
      filled += bytesRead;
    }
    yield buffer.subarray(0, filled);
    done += filled;
  }
}

async function readFirst(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const { value } = await pieces.next();
  return value ?? new Uint8Array();
}
