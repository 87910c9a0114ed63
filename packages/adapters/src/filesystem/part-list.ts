// The list of the parts that one sender has stored in an upload: lines that are only ever added, so that a process killed in
// the middle of one loses that line and nothing else.
import { constants } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { Fault } from "@manman/core/fault.ts";

/** One part as it lies in the sender's data file. */
export type ListedPart = {
  readonly number: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  /** SHA-256 of its bytes, hex. */
  readonly etag: string;
};

const linePattern = /^([1-9]\d*) (?:(\d+) (\d+) ([0-9a-f]{64})|void)$/;

/** What stands in the list: a later line on a part counts, and one that voids it takes it out. */
export async function readPartList(path: string): Promise<Map<number, ListedPart>> {
  const parts = new Map<number, ListedPart>();
  for (const line of (await readFile(path, "latin1")).split("\n")) {
    const match = linePattern.exec(line);
    if (match === null) continue;
    const number = Number(match[1]);
    if (match[4] === undefined) parts.delete(number);
    else {
      const [offsetBytes, sizeBytes] = [Number(match[2]), Number(match[3])];
      parts.set(number, { number, offsetBytes, sizeBytes, etag: match[4] });
    }
  }
  return parts;
}

/** Adds a part whose bytes are on disk; on disk itself when this resolves. */
export async function addPart(path: string, part: ListedPart): Promise<void> {
  await addLine(path, `${part.number} ${part.offsetBytes} ${part.sizeBytes} ${part.etag}`);
}

/** Takes a part out before its bytes are written over. */
export async function voidPart(path: string, number: number): Promise<void> {
  await addLine(path, `${number} void`);
}

/** The line feed in front ends a line that was cut short. */
async function addLine(path: string, line: string): Promise<void> {
  const { O_APPEND, O_CREAT, O_DSYNC, O_WRONLY } = constants;
  const handle = await open(path, O_APPEND | O_CREAT | O_DSYNC | O_WRONLY, 0o644);
  try {
    const written = `\n${line}\n`;
    const { bytesWritten } = await handle.write(written);
    if (bytesWritten !== written.length) {
      throw new Fault("exhausted", `${path}: no room for a whole line`);
    }
  } finally {
    await handle.close();
  }
}
