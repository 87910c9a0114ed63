// Runs `npm start`'s program as a user would, in a home of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { killProcessesIn } from "../harness/strays.ts";
import { until } from "../harness/until.ts";

const main = join(import.meta.dirname, "../../packages/standalone/src/main.ts");
const readyWithinMs = 60_000;

export type RunningStandalone = {
  readonly child: ChildProcess;
  readonly address: string;
  /** Everything printed so far. */
  readonly output: () => string;
};

export async function scratchHome(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "manman-home-"));
  onTestFinished(async () => await rm(home, { recursive: true, force: true, maxRetries: 5 }));
  // The last one registered runs first.
  onTestFinished(async () => await killProcessesIn(home));
  return home;
}

/** Starts it and returns once the ready line is there. It is ended with the test. */
export async function startProcess(home: string, ...args: string[]): Promise<RunningStandalone> {
  const { child, output } = spawnIn(home, args);
  const address = (): string | undefined =>
    /^ManMan Backup is ready: gRPC on (\S+)$[\s\S]*^Ctrl-C/m.exec(output())?.[1];
  await until(() => address() ?? child.exitCode !== null, {
    deadlineMs: readyWithinMs,
    what: "the ready line",
  });
  const ready = address();
  if (ready === undefined) throw new Error(`standalone ended:\n${output()}`);
  return { child, address: ready, output };
}

/** Runs it where it cannot serve, until it ends by itself. */
export async function endedProcess(
  home: string,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const { child, output } = spawnIn(home, []);
  await once(child, "close");
  return { exitCode: child.exitCode, output: output() };
}

function spawnIn(
  home: string,
  args: readonly string[],
): Pick<RunningStandalone, "child" | "output"> {
  const child = spawn(process.execPath, [main, "--home", home, "--port", "0", ...args]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) await end(child, "SIGTERM");
  });
  return { child, output: () => output };
}

/** Signals the process and waits for its end; answers the exit code, null when a signal ended it. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
  return child.exitCode;
}
