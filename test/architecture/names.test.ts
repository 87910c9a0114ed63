import { expect, test } from "vitest";
import { bannedNames, impureNames } from "./names.ts";
import { sourceFiles } from "./source-files.ts";

test("no file or folder is a drawer", async () => {
  const files = [
    ...(await sourceFiles("packages")),
    ...(await sourceFiles("test")),
    ...(await sourceFiles("bench")),
    ...(await sourceFiles("scripts")),
    ...(await sourceFiles("migrations")),
  ];
  expect(files.filter(({ path }) => bannedNames(path).length > 0).map(({ path }) => path)).toEqual(
    [],
  );
});

test.each([
  ["packages/core/src/utils.ts", ["utils"]],
  ["packages/core/src/helpers/a.ts", ["helpers"]],
  ["packages/cli/src/index.ts", ["index"]],
  ["packages/contract/src/types.test.ts", ["types"]],
  ["packages/core/src/object-key.ts", []],
])("%s is caught by its name: %j", (path, banned) => {
  expect(bannedNames(path)).toEqual(banned);
});

test("core reads no clock, no chance and no platform", async () => {
  const files = (await sourceFiles("packages/core")).filter(
    ({ path }) => !path.endsWith(".test.ts"),
  );
  expect(files.length).toBeGreaterThan(10);
  expect(files.filter(({ text }) => impureNames(text).length > 0).map(({ path }) => path)).toEqual(
    [],
  );
});

test.each([
  ["const now = Date.now();", ["Date.now"]],
  ["const id = Math.random() > 0.5 ? Buffer : process.pid;", ["Math.random", "Buffer", "process."]],
  ["// Date.now() is banned\nconst a = 1;", []],
])("impurity in %j is caught", (source, names) => {
  expect(impureNames(source)).toEqual(names);
});
