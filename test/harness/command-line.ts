// Runs `manman` as a script would.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Variables } from "./program.ts";

export type CommandResult = {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

const main = fileURLToPath(new URL("../../packages/cli/src/main.ts", import.meta.url));

/** Has no terminal, and no other variables than the given ones. */
export async function manman(
  args: readonly string[],
  variables: Variables,
): Promise<CommandResult> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...variables },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (said[name] += text));
  }
  const [exitCode] = (await once(child, "close")) as [number];
  return { exitCode, ...said };
}
