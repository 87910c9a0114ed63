// Runs one of our programs as a process of its own, with a given environment, and follows its log.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { until } from "../harness/until.ts";

type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export type Program = {
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** The first line with that message, once there is one. */
  readonly said: (message: string) => Promise<LogLine>;
  /** Its exit code once it has ended and all it said was read; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Sends a signal, and gives `ended`. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

/** `main` is the path of its file from the repository's root. It is gone after the test. */
export function runProgram(main: string, environment: Record<string, string>): Program {
  const path = fileURLToPath(new URL(`../../${main}`, import.meta.url));
  const child = spawn(process.execPath, [path], {
    env: { PATH: process.env["PATH"] ?? "", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: LogLine[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => lines.push(logLine(line)));
  }
  const ended = once(child, "close").then(() => child.exitCode);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return await ended;
  };
  onTestFinished(async () => void (await end("SIGKILL")));
  return {
    pid: child.pid ?? 0,
    lines,
    said: async (message) =>
      await until(() => lines.find(({ msg }) => msg === message), {
        what: `${main} says "${message}"`,
        deadlineMs: 30_000,
      }).catch((error: unknown) => {
        throw new Error(JSON.stringify(lines.slice(-10), undefined, 1), { cause: error });
      }),
    ended,
    end,
  };
}

function logLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
