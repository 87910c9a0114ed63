// Stores parts in a folder's uploads. Each sender writes files of its own, so that two of them at work on one upload (a packer
// that was given up on and its successor) cannot spoil each other's bytes.
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import type { PartSender } from "@manman/core/ports.ts";
import { syncFolder } from "./durable-folder.ts";
import { orFault, unlessMissing } from "./folder-fault.ts";
import { dataFile, partsFile, type FolderLayout } from "./folder-layout.ts";
import { throwMissing } from "./folder-presence.ts";
import { addPart, readPartList, voidPart } from "./part-list.ts";

const numberMax = 10_000;
const bytesPerWrite = 1_048_576;
/** Of so many uploads at most it is remembered which parts were sent; the list on disk knows of the others. */
const uploadsRememberedMax = 64;

type Part = Parameters<PartSender["sendPart"]>[0];

/** `sender` is a name that no other sender ever has. */
export function folderPartSender(layout: FolderLayout, sender: string): PartSender {
  const sent = new Map<string, Set<number>>();
  return {
    sendPart: async (part) => {
      const context = `upload ${part.objectKey} part ${part.number}`;
      if (!Number.isInteger(part.number) || part.number < 1 || part.number > numberMax) {
        throw new Fault("rejected", `${context}: part numbers go from 1 to ${numberMax}`);
      }
      return await orFault(context, async () => {
        const folder = layout.openUpload(part.objectKey, part.uploadId);
        const stored = await unlessMissing(sendPart(folder, sender, sent, part, context), null);
        return stored ?? (await throwMissing(layout, `${context}: there is no such upload`));
      });
    },
    close: () => {},
  };
}

/** The part's etag. Throws ENOENT when the upload's folder is gone, however late that happens. */
async function sendPart(
  folder: string,
  sender: string,
  sent: Map<string, Set<number>>,
  part: Part,
  context: string,
): Promise<string> {
  await stat(folder);
  const list = join(folder, partsFile(sender));
  const isFirst = !sent.has(part.uploadId);
  const numbers = sent.get(part.uploadId) ?? (await numbersIn(list));
  remember(sent, part.uploadId, numbers);
  if (numbers.delete(part.number)) await voidPart(list, part.number);
  const etag = await writeBytes(join(folder, dataFile(sender)), part, context);
  const { number, offsetBytes, bytes } = part;
  await addPart(list, { number, offsetBytes, sizeBytes: bytes.byteLength, etag });
  if (isFirst) await syncFolder(folder);
  numbers.add(number);
  return etag;
}

/** Writes the bytes at their place, on disk when this resolves, and answers their digest. */
async function writeBytes(path: string, part: Part, context: string): Promise<string> {
  const digest = createHash("sha256");
  const handle = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o644);
  try {
    for (let done = 0; done < part.bytes.byteLength;) {
      if (part.signal.aborted) throw new Fault("away", `${context}: called off`);
      const piece = part.bytes.subarray(done, done + bytesPerWrite);
      const { bytesWritten } = await handle.write(piece, 0, piece.length, part.offsetBytes + done);
      digest.update(piece.subarray(0, bytesWritten));
      done += bytesWritten;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
  return digest.digest("hex");
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
