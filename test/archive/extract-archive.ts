// Extracts archives with the tools that people have: GNU tar, bsdtar and Python's tarfile, as the caller and as an ordinary user.
import { spawnSync } from "node:child_process";
import { chownSync, closeSync, mkdirSync, openSync } from "node:fs";
import type { Codec } from "@manman/archive/codec/codec.ts";
import type { Leniency } from "../worlds/compare-trees.ts";

export type Extractor = {
  name: string;
  codec: Codec;
  /** Reads the archive from its input and extracts into the directory that it runs in. */
  command: string;
  /** The user and group to extract as; the caller's own when undefined. */
  id: number | undefined;
  /** What this one cannot restore. */
  leniency: Leniency;
};

const nobodyId = 65_534;
const isRoot = process.getuid?.() === 0;

const pythonScript = (mode: string): string => `
import sys, tarfile
options = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
with tarfile.open(fileobj=sys.stdin.buffer, mode="${mode}", encoding="utf-8") as archive:
    archive.extractall(".", **options)
`;

/** An ordinary user may not reach the Python that stands first in root's own path. */
const python = (mode: string): string => `/usr/bin/python3 -c '${pythonScript(mode)}'`;

const tools: readonly { tool: string; commands: Record<Codec, string>; leniency: Leniency }[] = [
  {
    tool: "GNU tar",
    commands: { gzip: "tar -xzpf -", zstd: "tar --zstd -xpf -", none: "tar -xpf -" },
    leniency: {},
  },
  {
    tool: "GNU tar behind the codec's own tool",
    commands: {
      gzip: "gzip -dc | tar -xpf -",
      zstd: "zstd -dc | tar -xpf -",
      none: "cat | tar -xpf -",
    },
    leniency: {},
  },
  {
    tool: "bsdtar",
    commands: { gzip: "bsdtar -xpf -", zstd: "bsdtar -xpf -", none: "bsdtar -xpf -" },
    leniency: { ignoreEarlyFractions: true },
  },
  // tarfile keeps times as floating point, and sets none on symlinks.
  {
    tool: "Python's tarfile",
    commands: { gzip: python("r:gz"), zstd: `zstd -dc | ${python("r|")}`, none: python("r:") },
    leniency: { mtimeSlackNs: 1000n, ignoreSymlinkTimes: true },
  },
];

const codecs: readonly Codec[] = ["gzip", "zstd", "none"];

/** Every tool with every codec as an ordinary user, and as root too when the caller is root. */
export const extractors: readonly Extractor[] = codecs.flatMap((codec) =>
  tools.flatMap(({ tool, commands, leniency }) =>
    (isRoot ? [undefined, nobodyId] : [undefined]).map((id) => ({
      name: `${tool} as ${id === undefined && isRoot ? "root" : "an ordinary user"}`,
      codec,
      command: commands[codec],
      id,
      leniency: { ...leniency, ...(id !== undefined || !isRoot ? leniencyOf(tool) : {}) },
    })),
  ),
);

/** What the tool cannot do as an ordinary user. */
function leniencyOf(tool: string): Leniency {
  return { ignoreOwners: true, ignoreSetIds: tool === "bsdtar" };
}

/** Extracts into `dir`, which it makes. Returns the exit status, and what the tool said. */
export function extractInto(
  dir: string,
  archiveFile: string,
  { id, command }: Extractor,
): { status: number | null; said: string } {
  mkdirSync(dir);
  if (id !== undefined) chownSync(dir, id, id);
  const archive = openSync(archiveFile, "r");
  try {
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", command], {
      cwd: dir,
      // Names are UTF-8 wherever they are text, and bsdtar would rather not make them in another locale.
      env: { ...process.env, LC_ALL: "C.UTF-8" },
      stdio: [archive, "ignore", "pipe"],
      ...(id === undefined ? {} : { uid: id, gid: id }),
    });
    return { status, said: stderr.toString() };
  } finally {
    closeSync(archive);
  }
}
