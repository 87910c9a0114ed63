// Reads the command line of the benchmark of archives, and names every mistake in it at once.
import { parseArgs } from "node:util";
import { wordsOf } from "@manman/core/fault.ts";

const worldNames = ["mixed", "text"] as const;

export type Options = {
  /** Measured rounds; each runs every contender once. */
  readonly rounds: number;
  /** Generated directories to measure on. */
  readonly worlds: readonly (typeof worldNames)[number][];
  /** Directories of one's own to measure on. */
  readonly dirs: readonly string[];
  /** Size of each generated directory. */
  readonly files: number;
  readonly bytes: number;
  /** Where directories and archives are put; null: the temporary folder. */
  readonly scratchDir: string | null;
};

export type CommandLine =
  | { readonly options: Options }
  | { readonly help: true }
  | { readonly mistakes: readonly string[] };

export const help = `npm run bench:archive -- [options]

Packs directories with our engine (gzip 6, zstd 3, none), with tar | gzip, tar | pigz, tar | zstd and node-tar, each
into a file on the same disk, and with restic and borg (first and second backup, nothing changed) into a repository
there, in rounds that run every one of them once, in an order that turns. A peer that is missing is named.

  --rounds N     measured rounds, after one to warm up; default 5
  --world NAME   mixed or text, generated; may be given more than once; default both, or none with --dir
  --dir DIR      a directory of your own; may be given more than once
  --files N      files of a generated directory; default 20000
  --bytes N      bytes of a generated directory; default 400000000
  --scratch DIR  where directories and archives are put; default the temporary folder
  --help         this text
`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string", default: "5" },
        world: { type: "string", multiple: true },
        dir: { type: "string", multiple: true, default: [] },
        files: { type: "string", default: "20000" },
        bytes: { type: "string", default: "400000000" },
        scratch: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { help: true };
    const mistakes: string[] = [];
    const number = (name: "rounds" | "files" | "bytes", min: number, max: number): number => {
      const given = values[name];
      const value = Number(given);
      if (!/^[0-9]+$/.test(given) || value < min || value > max) {
        mistakes.push(`--${name} must be a whole number from ${min} to ${max}, not ${given}`);
      }
      return value;
    };
    const asked = values.world ?? (values.dir.length === 0 ? [...worldNames] : []);
    const worlds = worldNames.filter((name) => asked.includes(name));
    for (const name of asked) {
      if (!worldNames.some((known) => known === name)) {
        mistakes.push(`--world must be one of ${worldNames.join(", ")}, not ${name}`);
      }
    }
    const options = {
      rounds: number("rounds", 1, 100),
      worlds,
      dirs: values.dir,
      files: number("files", 50, 10_000_000),
      bytes: number("bytes", 1_000_000, 1e13),
      scratchDir: values.scratch ?? null,
    };
    return mistakes.length > 0 ? { mistakes } : { options };
  } catch (error) {
    return { mistakes: [wordsOf(error)] };
  }
}
