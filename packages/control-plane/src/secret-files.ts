// Secrets from files: `NAME_FILE` names a file whose content stands for `NAME`, so that no secret has to lie in an environment.
import { wordsOf } from "@manman/core/fault.ts";
import type { Environment } from "./environment-variables.ts";

/** The environment with every secret in its own variable, and what went wrong on the way. One line break at the end is dropped. */
export function withSecretFiles(
  environment: Environment,
  secrets: readonly string[],
  readFile: (path: string) => string,
): { readonly environment: Environment; readonly mistakes: readonly string[] } {
  const filled: Record<string, string | undefined> = { ...environment };
  const mistakes: string[] = [];
  for (const name of secrets) {
    const path = environment[`${name}_FILE`];
    if (path === undefined || path === "") continue;
    if (environment[name]) {
      mistakes.push(`${name}_FILE: must be left out where ${name} is set`);
      continue;
    }
    try {
      filled[name] = readFile(path).replace(/\r?\n$/, "");
    } catch (error) {
      mistakes.push(`${name}_FILE: cannot be read: ${wordsOf(error)}`);
    }
  }
  return { environment: filled, mistakes };
}
