import { expect, test } from "vitest";
import { parseCommandLine } from "./command-line.ts";

test("without options it is half an hour of everything", () => {
  expect(parseCommandLine([])).toEqual({
    options: {
      soak: {
        minutes: 30,
        seed: 1,
        backupsPerSecond: 5,
        faultEverySeconds: 20,
        hostProcesses: 4,
        hostsPerProcess: 5,
        warmUpMinutes: 5,
        faults: "everything",
        isMeasured: false,
      },
      json: false,
      reportPath: null,
      keepsLogs: false,
    },
  });
});

test("with cuts only it measures", () => {
  const read = parseCommandLine(["--cuts-only", "--minutes", "12", "--report", "soak.json"]);
  expect(read).toMatchObject({
    options: { soak: { minutes: 12, faults: "cuts", isMeasured: true }, reportPath: "soak.json" },
  });
});

test("every mistake is named", () => {
  const args = ["--cuts-only", "--minutes", "3", "--seed", "x", "--hosts", "0"];
  expect(parseCommandLine(args)).toEqual({
    mistakes: [
      "--seed: must be a number from 0 to 4294967295, not x",
      "--hosts: must be a number from 1 to 50, not 0",
      "--warm-up: must be less than --minutes, 3, not 5",
    ],
  });
});
