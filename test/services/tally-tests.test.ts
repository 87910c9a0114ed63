import { expect, test } from "vitest";
import { tally, type TestReport } from "../../scripts/tally-tests.ts";

const ran: TestReport["testResults"][number] = {
  name: "ran.test.ts",
  status: "passed",
  assertionResults: [{ status: "passed" }],
};
const failedTest = {
  name: "red.test.ts",
  status: "failed",
  assertionResults: [{ status: "failed" }],
};
const brokenFile = { name: "broken.test.ts", status: "failed", assertionResults: [] };
const brokenHook = {
  name: "hook.test.ts",
  status: "failed",
  assertionResults: [{ status: "passed" }],
};

function report(
  passed: number,
  failed: number,
  ...testResults: TestReport["testResults"][number][]
): TestReport {
  return { numPassedTests: passed, numFailedTests: failed, testResults };
}

test.each<[name: string, TestReport | undefined, steps: string[], passed: number, failed: number]>([
  ["all is well", report(7, 0, ran), [], 7, 0],
  ["a test fails", report(7, 1, ran, failedTest), ["tests"], 7, 1],
  ["a file breaks before its first test", report(7, 0, ran, brokenFile), ["tests"], 7, 1],
  ["a file's hook fails after its tests", report(7, 0, ran, brokenHook), ["tests"], 7, 1],
  ["the runner fails by itself", report(7, 0, ran), ["tests"], 7, 1],
  ["a check fails", report(7, 0, ran), ["npm run check"], 7, 1],
  ["a check and a test fail", report(7, 2, ran, failedTest), ["generated", "tests"], 7, 3],
  ["there is no report", undefined, ["tests"], 0, 1],
  ["no test ran", report(0, 0), [], 0, 1],
])("when %s", (_name, given, steps, passed, failed) => {
  expect(tally(given, steps)).toMatchObject({ passed, failed });
});
