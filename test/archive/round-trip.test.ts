import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { extractInto, extractors } from "./extract-archive.ts";
import { packToFile, packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";

const size = { seed: 7, files: 400, bytes: 6_000_000 };

describe.each(extractors)("$codec, $name", (extractor) => {
  test("extracts the same tree again, byte for byte and attribute for attribute", async () => {
    const dir = scratchDir();
    const [world, archive, out] = [join(dir, "world"), join(dir, "archive"), join(dir, "out")];
    makeMixedWorld(world, size);
    const { codec } = extractor;
    const compression = codec === "none" ? { codec } : { codec, level: 3 };
    const summary = await packToFile({ rootPath: world, compression }, archive);
    expect(summary.warnings).toEqual({ count: 0, first: [] });
    // Some warn of times before 1970, and set them all the same.
    const { status, said } = extractInto(out, archive, extractor);
    expect(status === 0 ? "extracted" : said).toBe("extracted");
    expect(compareTrees(world, join(out, "game"), extractor.leniency)).toEqual([]);
  });
});

test("the same tree gives the same bytes", async () => {
  const dir = scratchDir();
  makeMixedWorld(join(dir, "one"), size);
  makeMixedWorld(join(dir, "two"), size);
  const one = await packToMemory({ rootPath: join(dir, "one") });
  const two = await packToMemory({ rootPath: join(dir, "two") });
  expect(one.bytes.equals(two.bytes)).toBe(true);
});

test("the summary says what the archive holds", async () => {
  const dir = scratchDir();
  const [world, archive] = [join(dir, "world"), join(dir, "a.tar.gz")];
  makeMixedWorld(world, size);
  const progress: { rawBytes: number; files: number }[] = [];
  const summary = await packToFile(
    { rootPath: world, onProgress: (step) => void progress.push(step) },
    archive,
  );
  const stored = readFileSync(archive);
  const raw = gunzipSync(stored);
  expect(summary.storedBytes).toBe(stored.length);
  expect(summary.rawBytes).toBe(raw.length);
  expect(summary.storedSha256).toBe(createHash("sha256").update(stored).digest("hex"));
  expect(progress.length).toBeGreaterThan(5);
  expect(progress.at(-1)).toEqual({ rawBytes: raw.length, files: summary.files });
});
