// Prints the peak memory of packing with eight workers: many small files, and one file that is larger than any memory.
//   node bench/pack-memory.ts [--files N] [--large-bytes N] [--scratch DIR]
// The large file is sparse, so that it needs no disk: what is read of it goes through the packer as any other bytes do.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeMixedWorld } from "../test/worlds/mixed-world.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "100000" },
    "large-bytes": { type: "string", default: "50000000000" },
    scratch: { type: "string", default: tmpdir() },
  },
});
const bytesPerFile = 5_000;
const workers = "8";
const scratch = mkdtempSync(join(values.scratch, "pack-memory-"));
try {
  const many = join(scratch, "many");
  const files = Number(values.files);
  makeMixedWorld(many, { seed: 1, files, bytes: files * bytesPerFile });
  const large = join(scratch, "large");
  mkdirSync(large);
  writeFileSync(join(large, "zeros"), "");
  truncateSync(join(large, "zeros"), Number(values["large-bytes"]));
  for (const codec of ["gzip", "zstd", "none"]) peakOf(codec, many, `${files} files`);
  for (const codec of ["zstd", "gzip"]) peakOf(codec, large, "one large file");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** In a process of its own, because a peak is never taken back. */
function peakOf(codec: string, root: string, what: string): void {
  const main = join(import.meta.dirname, "archive", "peak-main.ts");
  const said = execFileSync(process.execPath, [main, codec, workers, root], {
    encoding: "utf8",
    // As the host manager keeps the compiled code of its packers.
    env: { ...process.env, NODE_COMPILE_CACHE: join(scratch, "compile-cache") },
  });
  process.stdout.write(`${what}, ${said}`);
}
