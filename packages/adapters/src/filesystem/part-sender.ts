// Stores parts in a folder's uploads, sent or copied from objects. Each sender writes files of its own, so that two of them at work on one upload (a packer
// that was given up on and its successor) cannot spoil each other's bytes.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { copiedPartBytesMax, type PartSender } from "@manman/core/ports.ts";
import { syncFolder } from "./durable-folder.ts";
import { orFault, unlessMissing } from "./folder-fault.ts";
import { dataFile, partsFile, type FolderLayout } from "./folder-layout.ts";
import { throwMissing } from "./folder-presence.ts";
import { openRange } from "./object-range.ts";
import { addPart, readPartList, voidPart } from "./part-list.ts";

const numberMax = 10_000;
const bytesPerWrite = 1_048_576;
/** Of so many uploads at most it is remembered which parts were sent; the list on disk knows of the others. */
const uploadsRememberedMax = 64;

/** Which part of which upload. */
type Place = Omit<Parameters<PartSender["sendPart"]>[0], "bytes">;

/** The bytes of a part, a piece at a time; each piece is used before the next is asked for. */
type Pieces = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** `sender` is a name that no other sender ever has. */
export function folderPartSender(layout: FolderLayout, sender: string): PartSender {
  const sent = new Map<string, Set<number>>();
  return {
    sendPart: async (part) => {
      const context = contextOf(part);
      return await orFault(context, async () => {
        return await storePart(layout, sender, sent, part, piecesOf(part.bytes), context);
      });
    },
    copyPart: async (part) => {
      const context = contextOf(part);
      return await orFault(context, async () => {
        const range = await openRange(layout, part.from, copiedPartBytesMax, context);
        try {
          return await storePart(layout, sender, sent, part, range.pieces(bytesPerWrite), context);
        } finally {
          await range.close();
        }
      });
    },
    close: () => {},
  };
}

function contextOf({ objectKey, number }: Place): string {
  return `upload ${objectKey} part ${number}`;
}

async function storePart(
  layout: FolderLayout,
  sender: string,
  sent: Map<string, Set<number>>,
  place: Place,
  pieces: Pieces,
  context: string,
): Promise<string> {
  if (!Number.isInteger(place.number) || place.number < 1 || place.number > numberMax) {
    throw new Fault("rejected", `${context}: part numbers go from 1 to ${numberMax}`);
  }
  const folder = layout.openUpload(place.objectKey, place.uploadId);
  const storing = storeInFolder(folder, sender, sent, place, pieces, context);
  const stored = await unlessMissing(storing, null);
  return stored ?? (await throwMissing(layout, `${context}: there is no such upload`));
}

/** The part's etag. Throws ENOENT when the upload's folder is gone, however late that happens. */
async function storeInFolder(
  folder: string,
  sender: string,
  sent: Map<string, Set<number>>,
  place: Place,
  pieces: Pieces,
  context: string,
): Promise<string> {
  await stat(folder);
  const list = join(folder, partsFile(sender));
  const isFirst = !sent.has(place.uploadId);
  const numbers = sent.get(place.uploadId) ?? (await numbersIn(list));
  remember(sent, place.uploadId, numbers);
  if (numbers.delete(place.number)) await voidPart(list, place.number);
  const data = join(folder, dataFile(sender));
  const { etag, sizeBytes } = await writePieces(data, place, pieces, context);
  const { number, offsetBytes } = place;
  await addPart(list, { number, offsetBytes, sizeBytes, etag });
  if (isFirst) await syncFolder(folder);
  numbers.add(number);
  return etag;
}

/** Writes the pieces at their place, on disk when this resolves, and answers their digest. */
async function writePieces(
  path: string,
  place: Place,
  pieces: Pieces,
  context: string,
): Promise<{ etag: string; sizeBytes: number }> {
  const digest = createHash("sha256");
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  let sizeBytes = 0;
  try {
    for await (const piece of pieces) {
      for (let done = 0; done < piece.length;) {
        if (place.signal.aborted) throw new Fault("away", `${context}: called off`);
        const at = place.offsetBytes + sizeBytes;
        const { bytesWritten } = await handle.write(piece, done, piece.length - done, at);
        done += bytesWritten;
        sizeBytes += bytesWritten;
      }
      digest.update(piece);
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return { etag: digest.digest("hex"), sizeBytes };
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let done = 0; done < bytes.byteLength; done += bytesPerWrite) {
    yield bytes.subarray(done, done + bytesPerWrite);
  }
}

async function numbersIn(list: string): Promise<Set<number>> {
  return new Set((await unlessMissing(readPartList(list), new Map())).keys());
}

/** The one used longest ago goes first. */
function remember(sent: Map<string, Set<number>>, uploadId: string, numbers: Set<number>): void {
  sent.delete(uploadId);
  sent.set(uploadId, numbers);
  const [oldest] = sent.keys();
  if (sent.size > uploadsRememberedMax && oldest !== undefined) sent.delete(oldest);
}
