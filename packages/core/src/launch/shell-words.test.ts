import { expect, test } from "vitest";
import { splitShellWords } from "./shell-words.ts";

test.each<[string, string[]]>([
  ["", []],
  ["  \t\n ", []],
  ["--port 25565", ["--port", "25565"]],
  ["  a\tb\r\nc ", ["a", "b", "c"]],
  [`--name "My World"`, ["--name", "My World"]],
  [`--name='My World'`, ["--name=My World"]],
  [`'it'"'"'s'`, ["it's"]],
  [`a\\ b`, ["a b"]],
  [`"say \\"hi\\" \\\\ \\n"`, [`say "hi" \\ \\n`]],
  [`'\\'`, ["\\"]],
  [`"" ''`, ["", ""]],
  [
    "$HOME `id` $(id) *.jar ~ | > ; &",
    ["$HOME", "`id`", "$(id)", "*.jar", "~", "|", ">", ";", "&"],
  ],
])("%j is split into %j", (line, words) => {
  expect(splitShellWords(line)).toEqual({ split: true, words });
});

test.each<[string, string]>([
  [`--name "My World`, `the quote " at character 8 is never closed`],
  [`it's`, `the quote ' at character 3 is never closed`],
  ["a\\", "ends in a backslash"],
])("%j is refused: %s", (line, problem) => {
  expect(splitShellWords(line)).toEqual({ split: false, problem });
});
