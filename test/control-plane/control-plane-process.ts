// Runs the control plane's own program as a child process, as an operator would.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { until } from "../harness/until.ts";

const mainPath = new URL("../../packages/control-plane/src/main.ts", import.meta.url).pathname;

export type StartingProcess = {
  /** The log so far, one JSON object a line. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Sends a signal; resolves to the exit code (null where the signal itself ended it). */
  readonly end: (signal: NodeJS.Signals) => Promise<number | null>;
};

export type ControlPlaneProcess = StartingProcess & { readonly address: string };

/** Starts it on a free port; returns when it listens. */
export async function startedProcess(
  environment: Readonly<Record<string, string>>,
): Promise<ControlPlaneProcess> {
  const starting = startingProcess(environment);
  const listening = () => starting.lines.find(({ msg }) => msg === "listening")?.["address"];
  const address = await until(listening, {
    what: "the control plane listens",
    deadlineMs: 20_000,
  });
  return { ...starting, address: String(address) };
}

/** Starts it on a free port, and waits for nothing. */
export function startingProcess(environment: Readonly<Record<string, string>>): StartingProcess {
  const child = spawn(process.execPath, [mainPath], {
    env: { PATH: process.env["PATH"], PORT: "0", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const lines: Record<string, unknown>[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as Record<string, unknown>);
  });
  return {
    lines,
    end: async (signal) => {
      child.kill(signal);
      const [code] = (await exited) as [number | null];
      return code;
    },
  };
}

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs it to its end. */
export async function endedProcess(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  path = mainPath,
): Promise<Ended> {
  const child = spawn(process.execPath, [path, ...args], {
    env: { PATH: process.env["PATH"], ...environment },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code] = (await once(child, "close")) as [number];
  return { code, stdout, stderr };
}
