// Reads environment variables by a table: what each means, its default, and how its text becomes a value. All mistakes are told at once.

/** The variables of a process, as the platform has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text that was read, or what it should have been ("must be …"). */
export type Reading<Value> =
  | { readonly value: Value; readonly mistake?: undefined }
  | { readonly mistake: string };

export const required = { isRequired: true } as const;

export type Variable<Value> = {
  /** What it sets, with its unit. */
  readonly says: string;
  /** The text that stands for an unset variable; null leaves the value null, `required` makes that a mistake. */
  readonly unset: string | null | typeof required;
  /** A secret may come from a file instead, named by `NAME_FILE`, and is never shown. */
  readonly isSecret?: boolean;
  readonly read: (given: string) => Reading<Value>;
};

export type VariableTable = Readonly<Record<string, Variable<unknown>>>;

/** The values of a table's variables: null is possible where `unset` is null. */
export type ValuesOf<Table extends VariableTable> = {
  readonly [Name in keyof Table]:
    | (Table[Name] extends Variable<infer Value> ? Value : never)
    | (Table[Name]["unset"] extends null ? null : never);
};

/**
 * The values of those variables that could be read, and every mistake, each starting with the variable's name; without a mistake
 * there is a value for each. An empty text counts as unset.
 */
export function readVariables<Table extends VariableTable>(
  table: Table,
  environment: Environment,
): { readonly values: Partial<ValuesOf<Table>>; readonly mistakes: readonly string[] } {
  const values: Record<string, unknown> = {};
  const mistakes: string[] = [];
  for (const [name, variable] of Object.entries(table)) {
    const given = environment[name] || variable.unset;
    if (given === null) values[name] = null;
    else if (typeof given !== "string") mistakes.push(`${name}: must be set: ${variable.says}`);
    else {
      const reading = variable.read(given);
      if (reading.mistake === undefined) values[name] = reading.value;
      else mistakes.push(`${name}: ${reading.mistake}${quoted(given, variable)}`);
    }
  }
  // Each name has the value that its own `read` gave.
  return { values: values as Partial<ValuesOf<Table>>, mistakes };
}

/** The table as text, one line a variable, for `--help`. */
export function variablesHelp(table: VariableTable): string {
  const nameChars = Math.max(...Object.keys(table).map((name) => name.length));
  const lines = Object.entries(table).map(([name, { says, unset, isSecret }]) => {
    const isRequired = typeof unset === "object" && unset !== null;
    const fallback = isRequired ? "required" : `default ${unset ?? "unset"}`;
    const file = isSecret === true ? `; or ${name}_FILE names a file that holds it` : "";
    return `  ${name.padEnd(nameChars)}  ${says} (${fallback}${file})`;
  });
  return lines.join("\n");
}

/** The names of those that may come from files. */
export function secretNames(table: VariableTable): readonly string[] {
  return Object.keys(table).filter((name) => table[name]?.isSecret === true);
}

export function anyText(): (given: string) => Reading<string> {
  return (value) => ({ value });
}

export function wholeNumber(least: number, most: number): (given: string) => Reading<number> {
  return (digits) => {
    const value = Number(digits);
    return /^\d+$/.test(digits) && value >= least && value <= most
      ? { value }
      : { mistake: `must be a whole number from ${least} to ${most}` };
  };
}

export function oneOf<Word extends string>(
  words: readonly Word[],
): (given: string) => Reading<Word> {
  return (word) => {
    const value = words.find((known) => known === word);
    return value === undefined ? { mistake: `must be one of ${words.join(", ")}` } : { value };
  };
}

/** A URL with one of these schemes. */
export function urlOf(...schemes: readonly string[]): (given: string) => Reading<string> {
  return (value) =>
    URL.canParse(value) && schemes.includes(new URL(value).protocol.slice(0, -1))
      ? { value }
      : {
          mistake: `must be a URL that starts with ${schemes.map((one) => `${one}://`).join(" or ")}`,
        };
}

function quoted(given: string, { isSecret }: Variable<unknown>): string {
  return isSecret === true ? "" : `, not "${given}"`;
}
