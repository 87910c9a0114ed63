// A folder of a test's own that is gone when the test is over, read-only directories and all.
import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { removeTree } from "../worlds/remove-tree.ts";

/** Everybody may enter it, so that other users can be given folders in it. */
export function scratchDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "manman-archive-"));
  chmodSync(dir, 0o755);
  onTestFinished(() => {
    removeTree(dir);
  });
  return dir;
}
