// Reads the environment variables of a process by a table: what each means, its default, and how its text becomes a value. Every mistake
// is named at once, so that nobody mends a configuration one start at a time.

/** The environment, as a process has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text that was read, or what it should have been (`must be …`). */
export type Reading<Value> =
  | { readonly value: Value; readonly mistake?: undefined }
  | { readonly mistake: string };

/** Stands where a default would, for a variable that must be set. */
export const required = { isRequired: true } as const;

/** One environment variable. An empty text counts as unset. */
export type Variable<Value> = {
  /** What it sets, with its unit; one line for --help. */
  readonly says: string;
  /** The text that stands for an unset variable; null leaves the value null, `required` makes that a mistake. */
  readonly unset: string | null | typeof required;
  /** A secret may come from a file instead, which `NAME_FILE` names, and is never shown. */
  readonly isSecret?: boolean;
  readonly read: (text: string) => Reading<Value>;
};

/** Variables by their names. */
export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** The values of a table's variables: null is possible where `unset` is null. */
export type ValuesOf<Table extends VariableTable> = {
  readonly [Name in keyof Table]:
    | (Table[Name] extends Variable<infer Value> ? Value : never)
    | (Table[Name]["unset"] extends null ? null : never);
};

/** Gives the text of a file that a `NAME_FILE` variable names; throws an Error where it cannot. */
export type ReadFile = (path: string) => string;

/**
 * All values, or all mistakes, each in one line that begins with its variable's name. `contradictions` says, in such lines, what is wrong between
 * values that are each right by themselves; a value that was a mistake is not among those it is shown.
 */
export function readEnvironment<Table extends VariableTable>(
  table: Table,
  environment: Environment,
  readFile: ReadFile,
  contradictions: (values: Partial<ValuesOf<Table>>) => readonly string[] = () => [],
):
  | { readonly values: ValuesOf<Table>; readonly mistakes?: undefined }
  | { readonly mistakes: readonly string[] } {
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const [name, variable] of Object.entries(table)) {
    const reading = readVariable(name, variable, environment, readFile);
    if (reading.mistake === undefined) values[name] = reading.value;
    else mistakes.push(reading.mistake);
  }
  // Each name has what its own `read` gave; without a mistake, every name is there.
  mistakes.push(...contradictions(values as Partial<ValuesOf<Table>>));
  return mistakes.length > 0 ? { mistakes } : { values: values as ValuesOf<Table> };
}

/** The table as text for --help, one line a variable, in its own order. */
export function environmentHelp(table: VariableTable): string {
  const nameChars = Math.max(...Object.keys(table).map((name) => name.length));
  return Object.entries(table)
    .map(([name, { says, unset, isSecret }]) => {
      const file = isSecret === true ? `; or ${name}_FILE names a file that holds it` : "";
      return `  ${name.padEnd(nameChars)}  ${says} (${presence(unset)}${file})`;
    })
    .join("\n");
}

function presence(unset: Variable<unknown>["unset"]): string {
  if (unset === null) return "optional";
  return typeof unset === "string" ? `default ${unset}` : "required";
}

function readVariable(
  name: string,
  variable: Variable<unknown>,
  environment: Environment,
  readFile: ReadFile,
): Reading<unknown> {
  const given = givenText(name, variable, environment, readFile);
  if (given.mistake !== undefined) return given;
  const text = given.value ?? variable.unset;
  if (text === null) return { value: null };
  if (typeof text !== "string") return { mistake: `${name}: must be set: ${variable.says}` };
  const reading = variable.read(text);
  if (reading.mistake === undefined) return reading;
  // A secret that is malformed is still a secret.
  const shown = variable.isSecret === true ? "" : `, not ${JSON.stringify(text)}`;
  return { mistake: `${name}: ${reading.mistake}${shown}` };
}

/** What the variable, or the file that stands for it, holds; null where it is unset. Blanks and line breaks around a file's text do not count. */
function givenText(
  name: string,
  variable: Variable<unknown>,
  environment: Environment,
  readFile: ReadFile,
): Reading<string | null> {
  const own = environment[name] || null;
  const path = environment[`${name}_FILE`] || null;
  if (variable.isSecret !== true || path === null) return { value: own };
  if (own !== null) return { mistake: `${name}_FILE: must be left out where ${name} is set` };
  try {
    const value = readFile(path).trim();
    if (value !== "") return { value };
    return { mistake: `${name}_FILE: must name a file that is not empty, not "${path}"` };
  } catch (error) {
    return { mistake: `${name}_FILE: cannot be read: ${(error as Error).message}` };
  }
}
