// Extracts fixtures and files into fresh folders, with what tests usually want.
import { closeSync, mkdirSync, openSync } from "node:fs";
import { extractArchive } from "@manman/archive/extract/extract-archive.ts";
import type { ManifestExtractOptions } from "@manman/archive/extract/extract-options.ts";
import type { ExtractSummary } from "@manman/archive/extract/extract-report.ts";
import type { ArchiveSource } from "@manman/archive/extract/segment-fetch.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { memoryRanges } from "@manman/archive/read-ranges.ts";
import type { Fixture } from "./fixture-archive.ts";

/** What a test says itself; the rest is everything, links as they are, damage that stops, two workers, and no abort. */
export type ExtractTestOptions = Partial<ManifestExtractOptions>;

export async function fixtureSource({ archive, manifest }: Fixture): Promise<ArchiveSource> {
  return { manifest: await openManifest(memoryRanges(manifest)), archive: memoryRanges(archive) };
}

/** Makes `dir` and extracts into it. */
export async function extractFixture(
  fixture: Fixture,
  dir: string,
  options: ExtractTestOptions = {},
  base?: Fixture,
): Promise<ExtractSummary> {
  const own = await fixtureSource(fixture);
  const sources = { own, base: base && (await fixtureSource(base)) };
  return await intoDirectory(dir, async (targetFd) =>
    extractArchive(sources, { ...usualOptions(), targetFd, workers: 2, ...options }),
  );
}

export function usualOptions(): Pick<ManifestExtractOptions, "outwardLinks" | "damage" | "signal"> {
  return { outwardLinks: "keep", damage: "stop", signal: new AbortController().signal };
}

/** Opens `dir`, which is made where it is missing, for as long as the work takes. */
export async function intoDirectory<T>(dir: string, work: (fd: number) => Promise<T>): Promise<T> {
  mkdirSync(dir, { recursive: true });
  const fd = openSync(dir, "r");
  try {
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}
