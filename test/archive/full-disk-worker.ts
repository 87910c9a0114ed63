// Extracts into a disk that is too small, and prints how that ended.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";
import { extractBare, extractFixture } from "./extract-fixture.ts";
import { packFixture } from "./fixture-archive.ts";
import { directoryEntry, fileEntry } from "./fixture-tree.ts";

const disk = process.argv[2] as string;
const target = join(disk, "target");
const data = Buffer.alloc(4_000_000, "not zeros");
const fixture = await packFixture([directoryEntry("game/"), fileEntry("game/a", data)]);

console.log(
  JSON.stringify({
    "by manifest": await endOf(async () => await extractFixture(fixture, target)),
    bare: await endOf(async () => await extractBare(fixture.archive, target)),
  }),
);

async function endOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "extracted";
  } catch (error) {
    return error instanceof Fault ? `${error.kind}: ${error.message}` : String(error);
  } finally {
    rmSync(target, { recursive: true });
  }
}
