// Runs one of our programs as a process of its own, with a given environment, and follows its log.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

/** Variables for a program; it gets none of the test's own but PATH. */
export type Variables = Readonly<Record<string, string>>;

type LogLine = Readonly<Record<string, unknown>> & { readonly msg?: string };

export type Program = {
  readonly pid: number;
  /** All that it has said so far. */
  readonly lines: readonly LogLine[];
  /** The first line with that message, and that after `from` lines, once there is one. */
  readonly said: (message: string, from?: number) => Promise<LogLine>;
  /** Its exit code once it has ended and all it said was read; null where a signal ended it. */
  readonly ended: Promise<number | null>;
  readonly hasEnded: () => boolean;
  /** Sends a signal, and gives `ended`. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

const saidWithinMs = 60_000;

/** `main` is the path of its file from the repository's root. Whoever runs it ends it. */
export function runProgram(main: string, environment: Variables): Program {
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
  return {
    pid: child.pid ?? 0,
    lines,
    said: async (message, from = 0) =>
      await until(() => lines.slice(from).find(({ msg }) => msg === message), {
        what: `${main} says "${message}"`,
        deadlineMs: saidWithinMs,
      }),
    ended,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    end: async (signal) => {
      child.kill(signal);
      return await ended;
    },
  };
}

function logLine(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return { msg: line };
  }
}
