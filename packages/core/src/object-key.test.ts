// Where things lie; what is stored under these names must be found for ever.
import { expect, test } from "vitest";
import { archiveKey, gameFolder, idsInKey, manifestKey } from "./object-key.ts";

test("an archive lies under its game, and its manifest beside it", () => {
  expect(archiveKey(42n, 5n)).toBe("backups/42/5.tar.gz");
  expect(manifestKey("backups/42/5.tar.gz")).toBe("backups/42/5.manifest.gz");
  expect(manifestKey("backups/42/5.tar.zst")).toBe("backups/42/5.manifest.gz");
});

test("a game's folder carries its environment and its id", () => {
  expect(gameFolder("prod", 42n)).toBe("gsc-prod-42");
});

test("the key of an archive or a manifest tells its ids, and no other key does", () => {
  for (const key of ["backups/42/5.tar.gz", "backups/42/5.tar.zst", "backups/42/5.manifest.gz"]) {
    expect(idsInKey(key)).toEqual({ sgcId: 42n, backupId: 5n });
  }
  expect(idsInKey("backups/1/9223372036854775807.tar.gz")?.backupId).toBe(9223372036854775807n);
  for (const key of [
    "backups/1/9223372036854775808.tar.gz",
    "backups/0/5.tar.gz",
    "backups/42/05.tar.gz",
    "backups/42/5.tar.gz.old",
    "backups/42/5.tar.gz\n",
    "old/backups/42/5.tar.gz",
    "backups/5.tar.gz",
  ]) {
    expect(idsInKey(key)).toBeNull();
  }
});
