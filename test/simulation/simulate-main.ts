// `npm run simulate`: runs seeds, and says of each that breaks a promise which one, how it came to that, and how to see it again. With
// `--mutations`, shows that each planted defect is found.
import { parseArgs } from "node:util";
import { defects, type Defect, type DefectName } from "./defects.ts";
import { seedsUntilFound } from "./mutations.ts";
import { runSeed, type RunResult } from "./run-seed.ts";

const usage = `npm run simulate -- [options]

Runs control planes and host managers in a simulated world, once for each seed, and checks that every
promise is kept. The same seed gives the same run. Exit code 1 when a promise was broken.

  --seeds N       how many seeds (default 500)
  --from S        the first seed, a whole number (default 1)
  --defect NAME   plant a defect, which is to be found; one of those that --mutations lists
  --trace         print all that happens in each run
  --mutations     run seeds until each of the planted defects is found, at most --seeds of them each
  --help          this page
`;

const traceTailLines = 60;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    from: { type: "string", default: "1" },
    defect: { type: "string" },
    trace: { type: "boolean", default: false },
    mutations: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
const problem = problemOf();
if (values.help) {
  process.stdout.write(usage);
} else if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else {
  const isKept = values.mutations ? await runMutations() : await runSeeds();
  process.exitCode = isKept ? 0 : 1;
}

function problemOf(): string | null {
  if (!Number.isSafeInteger(seeds) || seeds < 1)
    return `--seeds: ${values.seeds} is no number from 1`;
  if (!Number.isSafeInteger(from) || from < 0) return `--from: ${values.from} is no number from 0`;
  if (values.defect === undefined || Object.hasOwn(defects, values.defect)) return null;
  return `--defect: is one of\n  ${Object.keys(defects).join("\n  ")}`;
}

async function runSeeds(): Promise<boolean> {
  const defect = values.defect as DefectName | undefined;
  const planted: { readonly defect?: Defect } =
    defect === undefined ? {} : { defect: defects[defect] };
  const beganMs = performance.now();
  const ends: Record<string, number> = {};
  let [failed, events, virtualMs] = [0, 0, 0];
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await runSeed(seed, { ...planted, keepTrace: values.trace });
    events += result.events;
    virtualMs += result.virtualMs;
    for (const [status, count] of Object.entries(result.backups)) {
      ends[status] = (ends[status] ?? 0) + count;
    }
    if (values.trace) process.stdout.write(`${result.trace.join("\n")}\n`);
    if (result.broken.length === 0) continue;
    failed += 1;
    await tell(
      values.trace ? result : await runSeed(seed, { ...planted, keepTrace: true }),
      defect,
    );
  }
  const seconds = (performance.now() - beganMs) / 1_000;
  const hours = (virtualMs / 3_600_000).toFixed(1);
  process.stdout.write(
    `${seeds} seeds from ${from}: ${failed} broke a promise; ${events} events in ${hours} h of virtual time, ` +
      `${seconds.toFixed(1)} s; backups ${JSON.stringify(ends)}\n`,
  );
  return failed === 0;
}

async function tell({ seed, broken, trace }: RunResult, defect: string | undefined): Promise<void> {
  const tail = values.trace ? [] : trace.slice(-traceTailLines);
  const planted = defect === undefined ? "" : ` --defect "${defect}"`;
  const lines = [
    ...tail,
    `seed ${seed} broke a promise:`,
    ...broken.slice(0, 5).map((one) => `  ${one}`),
    `to see all of it: npm run simulate -- --from ${seed} --seeds 1 --trace${planted}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function runMutations(): Promise<boolean> {
  let isEachFound = true;
  for (const name of Object.keys(defects) as DefectName[]) {
    const found = await seedsUntilFound(defects[name], { from, seedsMax: seeds });
    isEachFound &&= found !== null;
    const how =
      found === null
        ? `NOT FOUND in ${seeds} seeds`
        : `found by seed ${found.seed} (the ${found.seed - from + 1}.): ${found.broken[0]}`;
    process.stdout.write(`${name}: ${how}\n`);
  }
  return isEachFound;
}
