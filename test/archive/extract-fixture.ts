// Extracts fixtures and files into fresh folders, with what tests usually want.
import { closeSync, mkdirSync, openSync } from "node:fs";
import { extractArchive } from "@manman/archive/extract/extract-archive.ts";
import {
  extractBareArchive,
  type BareExtractOptions,
} from "@manman/archive/extract/extract-bare.ts";
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
  return await intoDirectory(
    dir,
    async (targetFd) =>
      await extractArchive(sources, { ...usualOptions(), targetFd, workers: 2, ...options }),
  );
}

function usualOptions(): Pick<ManifestExtractOptions, "outwardLinks" | "damage" | "signal"> {
  return { outwardLinks: "keep", damage: "stop", signal: new AbortController().signal };
}

/** Makes `dir` and extracts an archive into it without its manifest. */
export async function extractBare(
  archive: Buffer,
  dir: string,
  options: Partial<BareExtractOptions> = {},
): Promise<ExtractSummary> {
  const limits = { bytesMax: 1_000_000_000, entriesMax: 100_000 };
  return await intoDirectory(
    dir,
    async (targetFd) =>
      await extractBareArchive(memoryRanges(archive), {
        ...usualOptions(),
        targetFd,
        limits,
        ...options,
      }),
  );
}

/** Opens `dir`, which is made where it is missing, for as long as the work takes. */
async function intoDirectory<T>(dir: string, work: (fd: number) => Promise<T>): Promise<T> {
  mkdirSync(dir, { recursive: true });
  const fd = openSync(dir, "r");
  try {
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}
