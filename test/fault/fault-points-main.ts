// `npm run test:fault`: runs the points of the table on real parts, any number of times, and says what became of each.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { faultPoints, groupOf, stories } from "./points/fault-points.ts";
import { tallyPoints, type PointOutcome, type PointReport } from "./points/point-tally.ts";
import { selected, selectionToEnvironment, type Selection } from "./points/selection.ts";

const usage = `npm run test:fault -- [options]

Kills, freezes and cuts off the parts of a backup's journey at every moment of the table
(docs/fault-points.md), and checks that every promise is kept. Exit code 1 when one was not.

  --repeat N      how often each point runs (default 1)
  --shard K/M     only the Kth of M parts of the table
  --only PATTERN  only points whose name matches this regular expression
  --list          print the names of the points, and run none
  --help          this page
`;

const exitMisuse = 2;

const { values } = parseArgs({
  options: {
    repeat: { type: "string", default: "1" },
    shard: { type: "string", default: "1/1" },
    only: { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else process.exitCode = await main();

async function main(): Promise<number> {
  const selection = selectionOf(values);
  if (typeof selection === "string") return misuse(selection);
  const points = selected(
    [
      ...faultPoints.map((point) => ({
        name: point.name,
        file: `${groupOf(point)}-points.test.ts`,
      })),
      ...stories,
    ],
    selection,
  );
  if (points.length === 0) return misuse("no point is called that, or the shard is empty");
  const names = points.map(({ name }) => name);
  if (values.list) {
    process.stdout.write(`${names.join("\n")}\n${names.length} points\n`);
    return 0;
  }
  const beganMs = performance.now();
  const files = [...new Set(points.map(({ file }) => `test/fault/${file}`))];
  const report = await reportOf(files, selection);
  const outcomes = tallyPoints(names, selection.repeat, report);
  process.stdout.write(tableOf(outcomes));
  const failed = outcomes.filter((outcome) => outcome.failed > 0).length;
  const seconds = Math.round((performance.now() - beganMs) / 1_000);
  process.stdout.write(
    `${names.length} points, ${selection.repeat} times each: ${names.length - failed} passed, ${failed} failed, ${seconds} s\n`,
  );
  return failed === 0 ? 0 : 1;
}

function misuse(problem: string): number {
  process.stderr.write(`${problem}\n`);
  return exitMisuse;
}

/** What is asked for, or what is wrong with it. */
function selectionOf(given: {
  readonly repeat: string;
  readonly shard: string;
  readonly only?: string | undefined;
}): Selection | string {
  const repeat = Number(given.repeat);
  if (!Number.isSafeInteger(repeat) || repeat < 1)
    return `--repeat: ${given.repeat} is no number from 1`;
  const [number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(given.shard) ?? []).slice(1).map(Number);
  if (number < 1 || number > of) return `--shard: ${given.shard} is not like 1/3`;
  try {
    const only = given.only === undefined ? null : new RegExp(given.only, "i");
    return { repeat, shard: { number, of }, only };
  } catch {
    return `--only: ${given.only} is no regular expression`;
  }
}

/** What vitest reports; undefined where it could not even begin. */
async function reportOf(
  files: readonly string[],
  selection: Selection,
): Promise<PointReport | undefined> {
  const scratch = await mkdtemp(join(tmpdir(), "fault-points-"));
  const outputFile = join(scratch, "report.json");
  const reporters = ["--reporter=verbose", "--reporter=json", `--outputFile.json=${outputFile}`];
  const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  try {
    const child = spawn(
      process.execPath,
      [vitest, "run", "--project", "fault", ...reporters, ...files],
      {
        cwd: join(import.meta.dirname, "../.."),
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, ...selectionToEnvironment(selection) },
      },
    );
    // A terminal tells both; whoever ends this process alone means the tests.
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => child.kill(signal));
    }
    await once(child, "close");
    return JSON.parse(await readFile(outputFile, "utf8")) as PointReport;
  } catch {
    return undefined;
  } finally {
    await rm(scratch, { recursive: true });
  }
}

function tableOf(outcomes: readonly PointOutcome[]): string {
  const lines = outcomes.map(({ name, passed, failed, secondsMost, reasons }) =>
    [
      `${String(passed).padStart(6)} ${String(failed).padStart(6)} ${secondsMost.toFixed(1).padStart(7)}  ${name}`,
      ...reasons.map((reason) => `${" ".repeat(24)}${reason}`),
    ].join("\n"),
  );
  return `\npassed failed seconds  point\n${lines.join("\n")}\n`;
}
