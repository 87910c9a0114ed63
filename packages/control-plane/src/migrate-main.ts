// Brings the database's schema up to date and ends; the control plane does the same at its start.
import { readFileSync } from "node:fs";
import { migrate } from "@manman/adapters/postgres/migrate.ts";
import { wordsOf } from "@manman/core/fault.ts";
import { variables } from "./config.ts";
import { readVariables } from "./environment-variables.ts";
import { withSecretFiles } from "./secret-files.ts";

const { PG_DATABASE_URL } = variables;

const files = withSecretFiles(process.env, ["PG_DATABASE_URL"], (path) =>
  readFileSync(path, "utf8"),
);
const { values, mistakes } = readVariables({ PG_DATABASE_URL }, files.environment);
if (values.PG_DATABASE_URL === undefined || files.mistakes.length > 0) {
  process.stderr.write([...files.mistakes, ...mistakes].map((mistake) => `${mistake}\n`).join(""));
  process.exitCode = 2;
} else {
  try {
    const names = await migrate(values.PG_DATABASE_URL);
    process.stdout.write(names.length === 0 ? "up to date\n" : `${names.join("\n")}\n`);
  } catch (error) {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  }
}
