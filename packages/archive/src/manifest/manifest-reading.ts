// Reads pieces of a manifest and checks each against its digest; whatever is wrong becomes a Fault that names the piece.
import { createHash } from "node:crypto";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { ReadRanges } from "../read-ranges.ts";
import type { IndexedBlock } from "./manifest-index.ts";

export async function readChecked(
  ranges: ReadRanges,
  block: IndexedBlock,
  name: string,
): Promise<Buffer> {
  const stored = await readExactly(ranges, block.offset, block.storedBytes);
  requireDigest(stored, block.sha256, name);
  return stored;
}

export async function readExactly(
  ranges: ReadRanges,
  offset: number,
  length: number,
): Promise<Buffer> {
  const bytes = await ranges.read(offset, length);
  if (bytes.length === length) return bytes;
  throw corrupt("manifest", `gave ${bytes.length} bytes of ${length} at ${offset}`);
}

export function requireDigest(stored: Buffer, sha256: Buffer, name: string): void {
  if (createHash("sha256").update(stored).digest().equals(sha256)) return;
  throw corrupt(name, "is damaged: its SHA-256 is another");
}

/** What is wrong inside a piece of a manifest becomes a Fault that names the piece. */
export async function within<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("corrupt", name, new Error(wordsOf(error), { cause: error }));
  }
}

export function corrupt(name: string, what: string): Fault {
  return new Fault("corrupt", `${name} ${what}`);
}
