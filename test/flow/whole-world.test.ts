// The promise itself, at full size: what is fetched from the bucket and extracted by the system's tar is the directory that was backed up.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { extractInto, extractors } from "../archive/extract-archive.ts";
import { deployedGame } from "../harness/fleet-games.ts";
import { fetchObject, storedBytes } from "../harness/fleet-objects.ts";
import { askedBackup, endedBackup } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { compareTrees } from "../worlds/compare-trees.ts";
import { makeMixedWorld } from "../worlds/mixed-world.ts";
import { treePaths } from "../worlds/tree-paths.ts";

test("a world of 20,000 files and 400 MB comes back without a difference, owners and nanoseconds included", async () => {
  const fleet = await openFleet();
  await fleet.stand();
  const game = await deployedGame(fleet);
  mkdirSync(join(game.world, ".."));
  makeMixedWorld(game.world, { seed: 20, files: 20_500, bytes: 420_000_000 });
  const files = treePaths(game.world)
    .map((path) => lstatSync(path))
    .filter((entry) => entry.isFile());
  expect(files.length).toBeGreaterThan(20_000);
  expect(files.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(400_000_000);

  const backup = await endedBackup(
    fleet,
    await askedBackup(fleet, { serverGameConfigId: game.sgcId }),
  );
  expect(backup).toMatchObject({ status: "completed", attempt: 1, warningCount: 0 });
  const key = `backups/${game.sgcId}/${backup.backupId}.tar.gz`;
  expect(backup.s3Url).toBe(`s3://${fleet.bucket.name}/${key}`);
  expect(await storedBytes(fleet, key)).toBe(backup.sizeBytes);

  const archive = join(fleet.scratch, "fetched.tar.gz");
  await fetchObject(fleet, key, archive);
  expect(await sha256Of(archive)).toBe(backup.archiveSha256);
  // As root, owners come back; as an ordinary user, everything else does.
  const ofGnuTar = extractors.filter(
    ({ name, codec }) => codec === "gzip" && name.startsWith("GNU tar as "),
  );
  for (const extractor of ofGnuTar) {
    const out = join(fleet.scratch, `extracted-${extractor.id ?? "by-caller"}`);
    expect(extractInto(out, archive, extractor).status).toBe(0);
    expect(readdirSync(out)).toEqual(["game"]);
    expect(compareTrees(game.world, join(out, "game"), extractor.leniency)).toEqual([]);
  }
  // Ends with an error, and its words, where there is a difference.
  const extracted = join(fleet.scratch, "extracted-by-caller", "game");
  execFileSync("diff", ["-r", "--no-dereference", game.world, extracted]);
});

async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
