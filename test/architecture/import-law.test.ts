import { expect, test } from "vitest";
import { breachesOf, importedModules } from "./import-law.ts";
import { sourceFiles } from "./source-files.ts";

test("no file imports what its package may not", async () => {
  const files = await sourceFiles("packages");
  expect(files.length).toBeGreaterThan(30);
  expect(files.flatMap(({ path, text }) => breachesOf(path, text))).toEqual([]);
});

const planted: [file: string, source: string, why: string][] = [
  ["packages/core/src/x.ts", 'import { readFile } from "node:fs";', "core may not import node:fs"],
  [
    "packages/core/src/x.ts",
    'import type { A } from "@manman/contract/a.ts";',
    "core may not import contract",
  ],
  ["packages/core/src/x.ts", 'import { z } from "zod";', "core may not import zod"],
  [
    "packages/archive/src/x.ts",
    'import { a } from "@manman/adapters/s3/a.ts";',
    "archive may not import adapters",
  ],
  [
    "packages/archive/src/x.ts",
    'export * from "@aws-sdk/client-s3";',
    "archive may not import @aws-sdk/client-s3",
  ],
  [
    "packages/control-plane/src/x.ts",
    'import { a } from "@manman/adapters/s3/a.ts";',
    "control-plane may not import adapters",
  ],
  [
    "packages/control-plane/src/x.ts",
    'const a = await import("pg");',
    "control-plane may not import pg",
  ],
  [
    "packages/host-manager/src/domain.ts",
    'import {\n  a,\n} from "@manman/adapters/s3/a.ts";',
    "host-manager may not import adapters",
  ],
  [
    "packages/host-manager/src/x.ts",
    'import "../../adapters/src/s3/a.ts";',
    "host-manager may not import adapters",
  ],
  ["packages/cli/src/x.ts", 'import { a } from "@manman/core/a.ts";', "cli may not import core"],
  [
    "packages/contract/src/x.ts",
    'import { a } from "@manman/core/a.ts";',
    "contract may not import core",
  ],
  ["packages/elsewhere/src/x.ts", "", "no law is written for elsewhere"],
];

test.each(planted)("a planted breach in %s is caught: %s", (file, source, why) => {
  expect(breachesOf(file, source).map((breach) => breach.why)).toEqual([why]);
});

test("a main.ts may import adapters, and a test its tools", () => {
  const wiring = 'import { a } from "@manman/adapters/s3/a.ts";';
  expect(breachesOf("packages/control-plane/src/main.ts", wiring)).toEqual([]);
  expect(breachesOf("packages/host-manager/src/packer/packer-main.ts", wiring)).toEqual([]);
  expect(breachesOf("packages/core/src/x.test.ts", 'import { test } from "vitest";')).toEqual([]);
});

test("imports are found in every form", () => {
  const source = [
    'import a from "one";',
    'import type { b } from "two";',
    'import "three";',
    'export { c } from "four";',
    'const d = await import("five");',
    "import {\n  e,\n} from 'six';",
    '// a comment with from "nowhere"',
  ].join("\n");
  expect(importedModules(source)).toEqual(["one", "two", "three", "four", "five", "six"]);
});
