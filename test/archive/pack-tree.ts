// Packs a tree into memory or a file, with what tests usually want.
import { closeSync, openSync, writeFileSync } from "node:fs";
import {
  packArchive,
  type PackOptions,
  type PackSummary,
} from "@manman/archive/pack/pack-archive.ts";

/** What a test says itself; the rest is a root named "game", gzip level 6, an empty root refused, and no abort. */
export type PackTestOptions = Pick<PackOptions, "rootPath"> & Partial<PackOptions>;

export function packOptions(options: PackTestOptions): PackOptions {
  return {
    rootName: "game",
    compression: { codec: "gzip", level: 6 },
    emptyRoot: "refuse",
    signal: new AbortController().signal,
    ...options,
  };
}

export type PackedBytes = { bytes: Buffer; summary: PackSummary };

export async function packToMemory(options: PackTestOptions): Promise<PackedBytes> {
  const packed = packArchive(packOptions(options));
  const chunks: Uint8Array[] = [];
  for await (const chunk of packed.bytes) chunks.push(Buffer.from(chunk));
  return { bytes: Buffer.concat(chunks), summary: packed.summary() };
}

export async function packToFile(options: PackTestOptions, file: string): Promise<PackSummary> {
  const packed = packArchive(packOptions(options));
  const fd = openSync(file, "w");
  try {
    // Each chunk is gone when the next one is asked for: a stream that writes later would write other bytes.
    for await (const chunk of packed.bytes) writeFileSync(fd, chunk);
  } finally {
    closeSync(fd);
  }
  return packed.summary();
}
