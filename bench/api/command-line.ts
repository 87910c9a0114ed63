// Reads the command line of the benchmark of the API, and names every mistake in it at once.
import { parseArgs } from "node:util";
import { wordsOf } from "@manman/core/fault.ts";

export type Options = {
  /** Measured rounds; each measures every part once. */
  readonly rounds: number;
  /** How long one part of one round lasts, in seconds. */
  readonly seconds: number;
  /** Backup records in the large database. */
  readonly records: number;
  readonly json: boolean;
  /** Where to write a CPU profile of each server process; null for none. */
  readonly profileDir: string | null;
};

export type CommandLine =
  | { readonly options: Options }
  | { readonly help: true }
  | { readonly mistakes: readonly string[] };

const defaults: Options = {
  rounds: 5,
  seconds: 3,
  records: 1_000_000,
  json: false,
  profileDir: null,
};

const bounds = {
  rounds: { min: 1, max: 50 },
  seconds: { min: 1, max: 60 },
  records: { min: 1_000, max: 100_000_000 },
} as const;

export const help = `npm run bench:api -- [options]

Measures the gRPC API of a control plane on real servers, in rounds that measure every part once:

  CreateBackup beside two floors: a bare gRPC echo, and gRPC with one INSERT in PostgreSQL
  ListBackups with 1,000 records and with many; GetBackup with many
  the time from CreateBackup's answer to the host's claim

  --rounds N     measured rounds, after one to warm up; default ${defaults.rounds}
  --seconds S    how long each part of a round lasts; default ${defaults.seconds}
  --records N    backup records in the large database; default ${defaults.records}
  --profile DIR  write a CPU profile of each server process (slows them down)
  --json         print JSON instead of tables
  --help         this text

PostgreSQL is started for the run, with fsync on, in the temporary folder (TMPDIR). RabbitMQ and the S3
gateway are those of \`npm run services\`. The exit status is 0 when everything could be measured, whatever
the figures say.
`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        seconds: { type: "string" },
        records: { type: "string" },
        profile: { type: "string" },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { help: true };
    const mistakes: string[] = [];
    const number = (name: keyof typeof bounds): number => {
      const given = values[name];
      if (given === undefined) return defaults[name];
      const { min, max } = bounds[name];
      const value = Number(given);
      if (!/^[0-9]+$/.test(given) || value < min || value > max) {
        mistakes.push(`--${name} must be a whole number from ${min} to ${max}, not ${given}`);
      }
      return value;
    };
    const options = {
      rounds: number("rounds"),
      seconds: number("seconds"),
      records: number("records"),
      json: values.json === true,
      profileDir: values.profile ?? null,
    };
    return mistakes.length > 0 ? { mistakes } : { options };
  } catch (error) {
    return { mistakes: [wordsOf(error)] };
  }
}
