// Reads settings out of environment variables by a table, and prints the table for --help. Every mistake is named at once, so that
// nobody mends a configuration one start at a time.

/** The environment, as a process has it. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A value read from a text, or what the text should have been (`must be …`). */
export type Reading<T> = { readonly value: T } | { readonly problem: string };

/** One environment variable. An empty text counts as unset. */
export type Setting<T> = {
  /** One line for --help. */
  readonly meaning: string;
  /** The text that stands in for an unset variable; without one, the variable must be set. */
  readonly fallback?: string;
  /** Whether `{NAME}_FILE` may name a file with the value instead; the value is never printed. */
  readonly secret?: true;
  readonly read: (text: string) => Reading<T>;
};

/** Settings by their variables' names. */
export type SettingsTable = Readonly<Record<string, Setting<unknown>>>;

/** The values of a table. */
export type Values<Table extends SettingsTable> = {
  [Name in keyof Table]: Table[Name] extends Setting<infer T> ? T : never;
};

/** All values, or all mistakes, each in one line that begins with the variable's name. */
export type SettingsReading<T> =
  | { readonly ok: true; readonly values: T }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** `readFile` gives the text of a file that a `_FILE` variable names, and throws where it cannot. */
export function readSettings<Table extends SettingsTable>(
  table: Table,
  env: Env,
  readFile: (path: string) => string,
): SettingsReading<Values<Table>> {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(table)) {
    const reading = readOne(name, setting, env, readFile);
    if ("problem" in reading) mistakes.push(`${name} ${reading.problem}`);
    else values[name] = reading.value;
  }
  if (mistakes.length > 0) return { ok: false, mistakes };
  return { ok: true, values: values as Values<Table> };
}

/** The table as lines for --help, in its own order. */
export function settingsHelp(table: SettingsTable): string {
  const width = Math.max(...Object.keys(table).map((name) => name.length));
  return Object.entries(table)
    .map(([name, { meaning, fallback, secret }]) => {
      const presence =
        fallback === undefined ? "required" : fallback === "" ? "optional" : `default ${fallback}`;
      const file = secret === true ? `; or ${name}_FILE` : "";
      return `  ${name.padEnd(width)}  ${meaning} (${presence}${file})`;
    })
    .join("\n");
}

function readOne(
  name: string,
  setting: Setting<unknown>,
  env: Env,
  readFile: (path: string) => string,
): Reading<unknown> {
  const given = env[name] ?? "";
  const path = setting.secret === true ? (env[`${name}_FILE`] ?? "") : "";
  if (given !== "" && path !== "") {
    return { problem: `is set, and so is ${name}_FILE: set one of them` };
  }
  let text = given;
  if (path !== "") {
    try {
      text = readFile(path).trim();
    } catch {
      return { problem: `cannot be read from ${path}, which ${name}_FILE names` };
    }
    if (text === "") return { problem: `is empty in ${path}, which ${name}_FILE names` };
  }
  if (text === "") {
    if (setting.fallback === undefined) return { problem: "must be set" };
    text = setting.fallback;
  }
  const reading = setting.read(text);
  // A secret that is malformed is still a secret.
  const shown = setting.secret === true || text === "" ? "" : `, not ${JSON.stringify(text)}`;
  return "problem" in reading ? { problem: `${reading.problem}${shown}` } : reading;
}

/** Text of a given pattern. */
export function textLike(pattern: RegExp, problem: string): (text: string) => Reading<string> {
  return (text) => (pattern.test(text) ? { value: text } : { problem });
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => Reading<number> {
  return (text) => {
    const value = Number(text);
    return /^[0-9]+$/.test(text) && value >= least && value <= most
      ? { value }
      : { problem: `must be a whole number from ${least} to ${most}` };
  };
}

/** One of some words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
): (text: string) => Reading<Word> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { problem: `must be one of ${words.join(", ")}` } : { value };
  };
}

/** An address whose scheme is one of those given. */
export function url(...schemes: readonly string[]): (text: string) => Reading<string> {
  return (text) => {
    const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : "";
    return schemes.includes(scheme)
      ? { value: text }
      : { problem: `must be a URL with ${schemes.map((one) => `${one}://`).join(" or ")}` };
  };
}

/** An optional value: the empty text, which only a fallback of "" lets through, reads as undefined. */
export function optional<T>(
  read: (text: string) => Reading<T>,
): (text: string) => Reading<T | undefined> {
  return (text) => (text === "" ? { value: undefined } : read(text));
}
