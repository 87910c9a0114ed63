// What a process of ours makes of signals.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until } from "../harness/until.ts";

test.each([
  ["SIGTERM", "SIGINT"],
  ["SIGINT", "SIGINT"],
] as const)("%s asks for an end, and %s after it is one", async (first, second) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "first-signal-worker.ts")]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = once(child, "exit");
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await until(() => said.includes("ready"), { what: "it listens" });
  child.kill(first);
  await until(() => said.includes("still there"), { what: "it has heard the first signal" });
  expect(said).toBe(`ready\nfirst: ${first}\nreason: ${first}\nstill there\n`);
  expect(child.exitCode).toBeNull();
  child.kill(second);
  expect(await ended).toEqual([1, null]);
});
