// Finds the bytes of an upload's parts, and brings them together in one file where several senders hold them.
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import { Fault } from "@manman/core/fault.ts";
import { dataFile, partsFile, sendersAmong } from "./folder-layout.ts";
import { addPart, readPartList, voidPart, type ListedPart } from "./part-list.ts";

const bytesPerCopy = 1_048_576;

type SenderParts = { readonly sender: string; readonly parts: Map<number, ListedPart> };

/**
 * The data file of the upload in `folder` that holds exactly these parts one after another, and their size together. The file
 * itself may be gone already when it was moved into place before. Throws `rejected` where the parts do not match, ENOENT where
 * the upload is gone.
 */
export async function gatherParts(
  folder: string,
  parts: readonly StoredPart[],
  context: string,
): Promise<{ path: string; sizeBytes: number }> {
  const wanted = layOut(parts, context);
  const senders = await readSenders(folder);
  const holdersOf = (part: ListedPart): SenderParts[] =>
    senders.filter((one) => isSame(one.parts.get(part.number), part));
  for (const part of wanted) {
    if (holdersOf(part).length > 0) continue;
    const why = senders.some((one) => one.parts.has(part.number))
      ? "was stored with another etag, size or place"
      : "was not stored";
    throw new Fault("rejected", `${context}: part ${part.number} ${why}`);
  }
  const held = (one: SenderParts): number =>
    wanted.filter((part) => isSame(one.parts.get(part.number), part)).length;
  const target = senders.reduce((best, one) => (held(one) > held(best) ? one : best));
  for (const part of wanted) {
    const [source] = holdersOf(part);
    if (source === undefined || isSame(target.parts.get(part.number), part)) continue;
    await copyPart(folder, source.sender, target.sender, part);
  }
  const sizeBytes = wanted.reduce((sum, part) => sum + part.sizeBytes, 0);
  return { path: join(folder, dataFile(target.sender)), sizeBytes };
}

/** Where each part must lie for the whole to have no gap. */
function layOut(parts: readonly StoredPart[], context: string): ListedPart[] {
  if (parts.length === 0) throw new Fault("rejected", `${context}: there are no parts`);
  let [offsetBytes, last] = [0, 0];
  return parts.map(({ number, etag, sizeBytes }) => {
    if (number <= last) throw new Fault("rejected", `${context}: part ${number} is out of order`);
    const part = { number, etag, sizeBytes, offsetBytes };
    [offsetBytes, last] = [offsetBytes + sizeBytes, number];
    return part;
  });
}

async function readSenders(folder: string): Promise<SenderParts[]> {
  const senders = sendersAmong(await readdir(folder)).toSorted();
  return await Promise.all(
    senders.map(async (sender) => {
      return { sender, parts: await readPartList(join(folder, partsFile(sender))) };
    }),
  );
}

function isSame(one: ListedPart | undefined, other: ListedPart): boolean {
  return (
    one !== undefined &&
    one.etag === other.etag &&
    one.sizeBytes === other.sizeBytes &&
    one.offsetBytes === other.offsetBytes
  );
}

async function copyPart(folder: string, from: string, to: string, part: ListedPart): Promise<void> {
  const list = join(folder, partsFile(to));
  await voidPart(list, part.number);
  const source = await open(join(folder, dataFile(from)), "r");
  try {
    const target = await open(join(folder, dataFile(to)), "r+");
    try {
      const buffer = Buffer.allocUnsafe(bytesPerCopy);
      for (let done = 0; done < part.sizeBytes;) {
        const place = part.offsetBytes + done;
        const length = Math.min(buffer.length, part.sizeBytes - done);
        const { bytesRead } = await source.read(buffer, 0, length, place);
        if (bytesRead === 0) throw new Fault("corrupt", `${folder}: part ${part.number} is cut`);
        const { bytesWritten } = await target.write(buffer, 0, bytesRead, place);
        done += bytesWritten;
      }
      await target.datasync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  await addPart(list, part);
}
