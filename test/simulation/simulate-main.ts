// `npm run simulate`: runs seeds, and says of each that breaks a promise which one, how it came to that, and how to see it again. With
// `--mutations`, shows that each planted defect is found.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { defects, type DefectName } from "./defects.ts";
import { runSeed } from "./run-seed.ts";
import {
  added,
  nothingRun,
  type BrokenSeed,
  type SeedChunk,
  type SeedsOutcome,
} from "./seed-chunk.ts";
import { runChunks } from "./seed-processes.ts";

const usage = `npm run simulate -- [options]

Runs control planes and host managers in a simulated world, once for each seed, and checks that every
promise is kept. The same seed gives the same run. Exit code 1 when a promise was broken.

  --seeds N       how many seeds (default 500)
  --from S        the first seed, a whole number (default 1)
  --jobs N        processes that run seeds at a time (default: one for each core)
  --defect NAME   plant a defect, which is to be found; one of those that --mutations lists
  --trace         print all that happens in each run
  --mutations     run seeds until each of the planted defects is found, at most --seeds of them each
  --help          this page
`;

const chunkSeeds = 250;
const failuresShownMax = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "500" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    defect: { type: "string" },
    trace: { type: "boolean", default: false },
    mutations: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const seeds = Number(values.seeds);
const from = Number(values.from);
const jobs = Number(values.jobs);
const defect = (values.defect ?? null) as DefectName | null;
const problem = problemOf();
if (values.help) {
  process.stdout.write(usage);
} else if (problem !== null) {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
} else if (values.mutations) {
  process.exitCode = (await runMutations()) ? 0 : 1;
} else {
  process.exitCode = (await runSeeds()) ? 0 : 1;
}

function problemOf(): string | null {
  if (!Number.isSafeInteger(seeds) || seeds < 1)
    return `--seeds: ${values.seeds} is no number from 1`;
  if (!Number.isSafeInteger(from) || from < 0) return `--from: ${values.from} is no number from 0`;
  if (!Number.isSafeInteger(jobs) || jobs < 1 || jobs > 64)
    return `--jobs: ${values.jobs} is no number from 1 to 64`;
  if (defect === null || Object.hasOwn(defects, defect)) return null;
  return `--defect: is one of\n  ${Object.keys(defects).join("\n  ")}`;
}

async function runSeeds(): Promise<boolean> {
  const beganMs = performance.now();
  let sum = nothingRun;
  let shown = 0;
  const take = (outcome: SeedsOutcome): void => {
    for (const failure of outcome.failures) {
      shown += 1;
      if (shown <= failuresShownMax) tell(failure);
    }
    // What was shown need not be kept.
    sum = added(sum, outcome);
    tellProgress(sum);
  };
  if (values.trace) await traceSeeds(take);
  else await runChunks(chunksOf(), jobs, (_chunk, outcome) => take(outcome));
  const seconds = (performance.now() - beganMs) / 1_000;
  const hours = (sum.virtualMs / 3_600_000).toFixed(1);
  say(
    `${sum.seeds} seeds from ${from}: ${sum.failures.length} broke a promise; ${sum.events} events in ${hours} h of virtual time; ` +
      `backups ${JSON.stringify(sum.backups)}; ${seconds.toFixed(1)} s, ${(sum.seeds / seconds).toFixed(1)} seeds/s`,
  );
  return sum.failures.length === 0;
}

function* chunksOf(): Generator<SeedChunk> {
  // Small runs are shared out too.
  const size = Math.max(1, Math.min(chunkSeeds, Math.ceil(seeds / jobs)));
  for (let at = from; at < from + seeds; at += size) {
    yield { from: at, seeds: Math.min(size, from + seeds - at), defect, untilBroken: false };
  }
}

/** In this process, so that what is printed stands in the order of the seeds. */
async function traceSeeds(take: (outcome: SeedsOutcome) => void): Promise<void> {
  const planted = defect === null ? {} : { defect: defects[defect] };
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await runSeed(seed, { ...planted, keepTrace: true });
    for (const line of result.trace) say(line);
    const { broken, events, virtualMs, backups } = result;
    const failures = broken.length === 0 ? [] : [{ seed, broken, traceTail: [] }];
    take({ seeds: 1, events, virtualMs, backups, failures });
  }
}

/** Beside the results, which stand on standard output. */
function tellProgress({ seeds: done, failures }: SeedsOutcome): void {
  if (values.trace || done === seeds) return;
  process.stderr.write(`${done} of ${seeds} seeds, ${failures.length} broke a promise\n`);
}

function tell({ seed, broken, traceTail }: BrokenSeed): void {
  const planted = defect === null ? "" : ` --defect "${defect}"`;
  for (const line of traceTail) say(line);
  say(`seed ${seed} broke a promise:`);
  for (const one of broken.slice(0, 5)) say(`  ${one}`);
  say(`to see all of it: npm run simulate -- --from ${seed} --seeds 1 --trace${planted}`);
}

async function runMutations(): Promise<boolean> {
  const names = Object.keys(defects) as DefectName[];
  const chunks = names.map((name) => ({ from, seeds, defect: name, untilBroken: true }));
  let found = 0;
  await runChunks(chunks, jobs, ({ defect: name }, { failures: [first] }) => {
    if (first === undefined) return say(`${name}: NOT FOUND in ${seeds} seeds`);
    found += 1;
    const place = first.seed - from + 1;
    say(`${name}: found by seed ${first.seed} (the ${place}.): ${first.broken[0]}`);
  });
  say(`${found} of ${names.length} planted defects were found within ${seeds} seeds from ${from}`);
  return found === names.length;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
