#!/usr/bin/env node
// `manman`, the admin tool: reads the command line, runs one command, and ends with the exit code that the outcome calls for.
import { objectOpener } from "./archives/object-opener.ts";
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

// The client of object stores takes longer to load than most commands to run.
const openObject = objectOpener(process.env, async (config) => {
  const { openS3Store } = await import("@manman/adapters/s3/s3-store.ts");
  return openS3Store(config, Math.random);
});

try {
  const surroundings = { env: process.env, signal: stopped.signal, openObject };
  await commanderProgram(surroundings).parseAsync(process.argv);
} catch (error) {
  process.exitCode = failWith(error, { json: process.argv.includes("--json") });
}
