// Brings the database's schema up to date and ends; the control plane does the same at its start.
import { readFileSync } from "node:fs";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { readEnvironment } from "@manman/contract/environment/environment-table.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { variables } from "./config.ts";

const { PG_DATABASE_URL } = variables;

const read = readEnvironment({ PG_DATABASE_URL }, process.env, (path) =>
  readFileSync(path, "utf8"),
);
if (read.mistakes !== undefined) {
  process.stderr.write(read.mistakes.map((mistake) => `${mistake}\n`).join(""));
  process.exitCode = 2;
} else {
  try {
    const names = await migrate(read.values.PG_DATABASE_URL);
    process.stdout.write(names.length === 0 ? "up to date\n" : `${names.join("\n")}\n`);
  } catch (error) {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  }
}
