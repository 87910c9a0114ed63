// Extracts archives with the tools that people have: GNU tar and Python's tarfile, as the caller and as an ordinary user.
import { spawnSync } from "node:child_process";
import { chownSync, closeSync, mkdirSync, openSync } from "node:fs";
import type { Leniency } from "../worlds/compare-trees.ts";

export type Extractor = {
  name: string;
  command: string[];
  /** The user and group to extract as; the caller's own when undefined. */
  id: number | undefined;
  /** What this one cannot restore. */
  leniency: Leniency;
};

const nobodyId = 65_534;
const isRoot = process.getuid?.() === 0;

const pythonScript = `
import sys, tarfile
options = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
with tarfile.open(fileobj=sys.stdin.buffer, mode="r:gz", encoding="utf-8") as archive:
    archive.extractall(".", **options)
`;

const tools: readonly { tool: string; command: string[]; leniency: Leniency }[] = [
  { tool: "GNU tar", command: ["tar", "-xzpf", "-"], leniency: {} },
  // tarfile keeps times as floating point, and sets none on symlinks.
  {
    tool: "Python's tarfile",
    command: ["/usr/bin/python3", "-c", pythonScript],
    leniency: { mtimeSlackNs: 1000n, ignoreSymlinkTimes: true },
  },
];

/** Every tool as the caller, and as an ordinary user too when the caller is root. */
export const extractors: readonly Extractor[] = (
  isRoot ? [undefined, nobodyId] : [undefined]
).flatMap((id) =>
  tools.map(({ tool, command, leniency }) => ({
    name: `${tool} as ${id === undefined && isRoot ? "root" : "an ordinary user"}`,
    command,
    id,
    leniency: { ...leniency, ignoreOwners: id !== undefined || !isRoot },
  })),
);

/** Extracts into `dir`, which it makes. Returns the tool's exit status. */
export function extractInto(dir: string, archiveFile: string, extractor: Extractor): number | null {
  mkdirSync(dir);
  const { id, command } = extractor;
  if (id !== undefined) chownSync(dir, id, id);
  const archive = openSync(archiveFile, "r");
  try {
    const [program = "", ...args] = command;
    const { status } = spawnSync(program, args, {
      cwd: dir,
      stdio: [archive, "ignore", "ignore"],
      ...(id === undefined ? {} : { uid: id, gid: id }),
    });
    return status;
  } finally {
    closeSync(archive);
  }
}
