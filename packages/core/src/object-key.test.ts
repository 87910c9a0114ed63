// Where things lie; what is stored under these names must be found for ever.
import { expect, test } from "vitest";
import { archiveKey, gameFolder, manifestKey } from "./object-key.ts";

test("an archive lies under its game, and its manifest beside it", () => {
  expect(archiveKey(42n, 5n)).toBe("backups/42/5.tar.gz");
  expect(manifestKey("backups/42/5.tar.gz")).toBe("backups/42/5.manifest.gz");
  expect(manifestKey("backups/42/5.tar.zst")).toBe("backups/42/5.manifest.gz");
});

test("a game's folder carries its environment and its id", () => {
  expect(gameFolder("prod", 42n)).toBe("gsc-prod-42");
});
