// The reader of environment variables: what is set, what is not, secrets and their files, and every mistake at once.
import { expect, test } from "vitest";
import { environmentHelp, readEnvironment, required } from "./environment-table.ts";
import { anyText, wholeNumber } from "./variable-texts.ts";

const table = {
  PORT: { says: "port of the server", unset: "50051", read: wholeNumber(0, 65_535) },
  NAME: { says: "name of the host", unset: required, read: anyText },
  ADDRESS: { says: "address of the store", unset: null, read: anyText },
  TOKEN: { says: "what callers must send", unset: null, isSecret: true, read: wholeNumber(0, 9) },
} as const;

function files(path: string): string {
  if (path === "/run/token") return "7\n";
  if (path === "/run/malformed") return "hunter2";
  if (path === "/run/blank") return " \n";
  throw new Error(`${path}: no such file`);
}

test("what is unset has its default, or null where it has none", () => {
  expect(readEnvironment(table, { NAME: "a" }, files)).toEqual({
    values: { PORT: 50_051, NAME: "a", ADDRESS: null, TOKEN: null },
  });
});

test("an empty text counts as unset", () => {
  const empty = { PORT: "", NAME: "a", ADDRESS: "", TOKEN: "", TOKEN_FILE: "" };
  expect(readEnvironment(table, empty, files)).toEqual({
    values: { PORT: 50_051, NAME: "a", ADDRESS: null, TOKEN: null },
  });
  expect(readEnvironment(table, { NAME: "" }, files).mistakes).toEqual([
    "NAME: must be set: name of the host",
  ]);
});

test("every mistake is named at once, in the table's order, with what is wrong between values", () => {
  const seen: unknown[] = [];
  const { mistakes } = readEnvironment(
    table,
    { PORT: 'a\n"b"', ADDRESS: "here", TOKEN: "hunter2" },
    files,
    (values) => {
      seen.push(values);
      return ["ADDRESS: must be left out"];
    },
  );
  expect(mistakes).toEqual([
    'PORT: must be a whole number from 0 to 65535, not "a\\n\\"b\\""',
    "NAME: must be set: name of the host",
    "TOKEN: must be a whole number from 0 to 9",
    "ADDRESS: must be left out",
  ]);
  expect(seen).toEqual([{ ADDRESS: "here" }]);
});

test("values that contradict each other are no values", () => {
  const { mistakes } = readEnvironment(table, { NAME: "a" }, files, () => ["NAME: must be b"]);
  expect(mistakes).toEqual(["NAME: must be b"]);
});

test("a secret may come from a file, whose last line break does not count", () => {
  const read = readEnvironment(table, { NAME: "a", TOKEN_FILE: "/run/token" }, files);
  expect(read).toMatchObject({ values: { TOKEN: 7 } });
});

test.each([
  [{ TOKEN: "7", TOKEN_FILE: "/run/token" }, "TOKEN_FILE: must be left out where TOKEN is set"],
  [{ TOKEN_FILE: "/run/none" }, "TOKEN_FILE: cannot be read: /run/none: no such file"],
  [
    { TOKEN_FILE: "/run/blank" },
    'TOKEN_FILE: must name a file that is not empty, not "/run/blank"',
  ],
  [{ TOKEN_FILE: "/run/malformed" }, "TOKEN: must be a whole number from 0 to 9"],
])(
  "a secret's file is told apart from the secret, and neither's text is shown: %j",
  (given, mistake) => {
    expect(readEnvironment(table, { NAME: "a", ...given }, files)).toEqual({ mistakes: [mistake] });
  },
);

test("a variable that is no secret has no file", () => {
  const read = readEnvironment(table, { NAME: "a", PORT_FILE: "/run/token" }, files);
  expect(read).toMatchObject({ values: { PORT: 50_051 } });
});

test("the help names every variable, its default, and the file it may come from", () => {
  expect(environmentHelp(table).split("\n")).toEqual([
    "  PORT     port of the server (default 50051)",
    "  NAME     name of the host (required)",
    "  ADDRESS  address of the store (optional)",
    "  TOKEN    what callers must send (optional; or TOKEN_FILE names a file that holds it)",
  ]);
});
