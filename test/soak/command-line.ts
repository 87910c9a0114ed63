// Reads the command line of the soak, and names every mistake in it at once.
import { parseArgs } from "node:util";
import { wordsOf } from "@manman/core/fault.ts";
import type { SoakOptions } from "./soak.ts";

export type Options = {
  readonly soak: SoakOptions;
  readonly json: boolean;
  /** Where the report is written as JSON; null for nowhere. */
  readonly reportPath: string | null;
  readonly keepsLogs: boolean;
};

export type CommandLine =
  | { readonly options: Options }
  | { readonly help: true }
  | { readonly mistakes: readonly string[] };

const numbers = {
  minutes: { usual: 30, least: 0.1, most: 1_440 },
  seed: { usual: 1, least: 0, most: 4_294_967_295 },
  "per-second": { usual: 5, least: 0.1, most: 100 },
  "fault-every": { usual: 20, least: 5, most: 3_600 },
  processes: { usual: 4, least: 1, most: 20 },
  hosts: { usual: 5, least: 1, most: 50 },
  "warm-up": { usual: 5, least: 0.1, most: 60 },
} as const;

export const help = `npm run soak -- [options]

Two control planes, a host manager and 20 simulated ones on a real database, broker and object store of
their own; callers that ask for backups, call some off, delete some and watch some; and one random part
killed, frozen or cut off at a time. At the end everything is healed, and the ledger of requests must
equal the ledger of outcomes, with nothing left in the bucket that no record owns.

  --minutes M      how long there are load and faults; default ${numbers.minutes.usual}
  --cuts-only      only cut and stall links, and measure heap and handles of the control planes and the
                   host manager after the warm-up and at the end: they must be within a tenth
  --warm-up M      minutes before the first measurement; default ${numbers["warm-up"].usual}
  --seed S         decides the faults and the load; default ${numbers.seed.usual}
  --per-second N   backups asked for in a second; default ${numbers["per-second"].usual}
  --fault-every S  seconds from one fault to the next; default ${numbers["fault-every"].usual}
  --processes N    processes that run simulated host managers; default ${numbers.processes.usual}
  --hosts N        simulated host managers in each of them; default ${numbers.hosts.usual}
  --report FILE    write the report there, as JSON
  --json           print the report as JSON
  --keep-logs      keep the programs' logs; they are kept in any case when something differs
  --help           this text

Ctrl-C ends the load early, and checks. The exit status is 0 when nothing differs, 1 when something does,
2 for a mistake in the command line. PostgreSQL and RabbitMQ are started for the run, in the temporary
folder (TMPDIR); so is the object store, unless S3_ENDPOINT names one.
`;

export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        minutes: { type: "string" },
        seed: { type: "string" },
        "per-second": { type: "string" },
        "fault-every": { type: "string" },
        processes: { type: "string" },
        hosts: { type: "string" },
        "warm-up": { type: "string" },
        "cuts-only": { type: "boolean", default: false },
        report: { type: "string" },
        json: { type: "boolean", default: false },
        "keep-logs": { type: "boolean", default: false },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { help: true };
    const mistakes: string[] = [];
    const number = (name: keyof typeof numbers): number => {
      const given = values[name];
      const { usual, least, most } = numbers[name];
      if (given === undefined) return usual;
      const value = Number(given);
      if (/^[0-9]+(\.[0-9]+)?$/.test(given) && value >= least && value <= most) return value;
      mistakes.push(`--${name}: must be a number from ${least} to ${most}, not ${given}`);
      return usual;
    };
    const cutsOnly = values["cuts-only"];
    const minutes = number("minutes");
    const warmUpMinutes = number("warm-up");
    const soak: SoakOptions = {
      minutes,
      seed: number("seed"),
      backupsPerSecond: number("per-second"),
      faultEverySeconds: number("fault-every"),
      hostProcesses: number("processes"),
      hostsPerProcess: number("hosts"),
      warmUpMinutes,
      faults: cutsOnly ? "cuts" : "everything",
      isMeasured: cutsOnly,
    };
    if (cutsOnly && warmUpMinutes >= minutes) {
      mistakes.push(`--warm-up: must be less than --minutes, ${minutes}, not ${warmUpMinutes}`);
    }
    if (mistakes.length > 0) return { mistakes };
    const { json, report = null, "keep-logs": keepsLogs } = values;
    return { options: { soak, json, reportPath: report, keepsLogs } };
  } catch (error) {
    return { mistakes: [wordsOf(error)] };
  }
}
