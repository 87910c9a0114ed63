// Reads the fields of a JSON object that a disk gave back: each is what it must be, or the file is called corrupt by name.
import { Fault } from "@manman/core/fault.ts";

/** The fields of one JSON object, each read as what it must be. */
export class RecordFields {
  readonly #file: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  constructor(file: string, text: string) {
    this.#file = file;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new Fault("corrupt", `read ${file}`, error);
    }
    if (!isObject(value)) throw new Fault("corrupt", `read ${file}: not an object`);
    this.#fields = value;
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null;
  }

  text(name: string): string {
    return this.#as(name, "a text", (value) => typeof value === "string");
  }

  number(name: string): number {
    return this.#as(name, "a whole number", isWhole);
  }

  /** A pid that may be signalled. To kill(2), 0, 1 and below mean this group, everybody, or the machine's first process. */
  pid(name: string): number {
    return this.#as(name, "a pid", (value): value is number => isWhole(value) && value > 1);
  }

  id(name: string): bigint {
    const text = this.text(name);
    if (!/^[0-9]{1,19}$/.test(text)) throw this.#wrong(name, "an id");
    return BigInt(text);
  }

  oneOf<Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    return this.#as(name, `one of ${choices.join(", ")}`, (value): value is Choice =>
      choices.some((choice) => choice === value),
    );
  }

  texts(name: string): string[] {
    return this.#as(
      name,
      "a list of texts",
      (value): value is string[] =>
        Array.isArray(value) && value.every((item) => typeof item === "string"),
    );
  }

  textByName(name: string): Record<string, string> {
    return this.#as(
      name,
      "texts by name",
      (value): value is Record<string, string> =>
        isObject(value) && Object.values(value).every((item) => typeof item === "string"),
    );
  }

  within(name: string): RecordFields | undefined {
    if (!this.has(name)) return undefined;
    return new RecordFields(`${this.#file} ${name}`, JSON.stringify(this.#fields[name]));
  }

  #as<Value>(name: string, expected: string, holds: (value: unknown) => value is Value): Value {
    const value = this.#fields[name];
    if (!holds(value)) throw this.#wrong(name, expected);
    return value;
  }

  #wrong(name: string, expected: string): Fault {
    return new Fault("corrupt", `read ${this.#file}: "${name}" is not ${expected}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
