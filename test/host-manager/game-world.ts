// Makes game directories for tests: a few small files, and as many bytes that do not compress as are asked for.
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty directory that is gone after the test. */
export async function scratchDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "host-manager-"));
  onTestFinished(async () => await rm(path, { recursive: true, force: true, maxRetries: 3 }));
  return path;
}

/** Fills `path`, which is made unless it exists. */
export async function makeWorld(path: string, regionBytes = 1_000): Promise<void> {
  await mkdir(join(path, "region"), { recursive: true });
  await mkdir(join(path, "empty"));
  await writeFile(join(path, "server.properties"), "motd=hello\n", { mode: 0o640 });
  await writeFile(join(path, "region", "r.0.0.mca"), randomBytes(regionBytes));
  await symlink("server.properties", join(path, "current"));
}
