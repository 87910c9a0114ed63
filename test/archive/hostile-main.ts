// Tries many hostile archives: `node test/archive/hostile-main.ts [count] [first seed]`, ten thousand from seed 1 unless told.
// Prints how they ended and the memory at its peak; ends with 1 when anything outside the target changed, hung or broke.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeTree } from "../worlds/remove-tree.ts";
import { tryHostileArchives } from "./hostile-archives.ts";

const memoryMebibytesMax = 400;

const count = Number(process.argv[2] ?? 10_000);
const firstSeed = Number(process.argv[3] ?? 1);
const dir = mkdtempSync(join(tmpdir(), "manman-hostile-"));
try {
  const { outcomes, findings } = await tryHostileArchives(dir, firstSeed, count);
  for (const finding of findings) console.log(finding);
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${count} archives: ${JSON.stringify(outcomes)}, ${peak} MiB at the peak`);
  if (findings.length > 0 || peak > memoryMebibytesMax) process.exitCode = 1;
} finally {
  removeTree(dir);
}
