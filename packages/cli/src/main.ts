#!/usr/bin/env node
// `manman`, the admin tool: reads the command line, runs one command, and ends with the exit code that the outcome calls for.
import { commanderProgram } from "./program.ts";
import { failWith } from "./failure.ts";

const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stopped.abort());
}

// A reader that leaves early (`manman backup list | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

try {
  await commanderProgram({ env: process.env, signal: stopped.signal }).parseAsync(process.argv);
} catch (error) {
  process.exitCode = failWith(error, { json: process.argv.includes("--json") });
}
