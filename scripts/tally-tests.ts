// Closes a run with one line that says how many tests passed and failed, and never lets a file that broke before its first test count as a pass.
import { readFileSync } from "node:fs";

/** The part of vitest's JSON report that is read here. */
export type TestReport = {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
};

export type Tally = {
  readonly passed: number;
  readonly failed: number;
  /** What failed besides tests, one line each. */
  readonly others: readonly string[];
};

/**
 * Counts failed tests, files that failed without a failed test, and failed steps of the run. The step that ran the tests is
 * counted only when nothing else explains its failure. No report at all is a failure.
 */
export function tally(report: TestReport | undefined, failedSteps: readonly string[]): Tally {
  const broken = (report?.testResults ?? [])
    .filter(
      ({ status, assertionResults }) => status === "failed" && !assertionResults.some(hasFailed),
    )
    .map(({ name }) => `${name} broke outside its tests`);
  const failedTests = report?.numFailedTests ?? 0;
  const steps = failedSteps.filter((step) => step !== "tests").map((step) => `${step} failed`);
  const unexplained =
    failedSteps.includes("tests") && failedTests === 0 && broken.length === 0
      ? ["the test run failed outside any test file"]
      : [];
  const missing = report === undefined ? ["the test run left no report"] : [];
  const others = [...steps, ...broken, ...(missing.length > 0 ? missing : unexplained)];
  const passed = report?.numPassedTests ?? 0;
  if (passed === 0 && failedTests + others.length === 0) others.push("no test ran");
  return { passed, failed: failedTests + others.length, others };
}

function hasFailed({ status }: { readonly status: string }): boolean {
  return status === "failed";
}

function readReport(path: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as TestReport;
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  const [path = "", ...failedSteps] = process.argv.slice(2);
  const { passed, failed, others } = tally(readReport(path), failedSteps);
  for (const line of others) process.stdout.write(`${line}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}
