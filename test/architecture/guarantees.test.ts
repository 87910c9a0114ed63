import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultPoints } from "../fault/points/fault-points.ts";
import { sourceFiles } from "./source-files.ts";

const root = join(import.meta.dirname, "../..");

/** Every test's name and every test file that a page names. */
function citedBy(page: string): { readonly names: string[]; readonly files: string[] } {
  const proofs = page.split("\n").filter((line) => line.startsWith("- "));
  return {
    names: proofs.flatMap((line) =>
      [...line.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? ""),
    ),
    files: proofs.flatMap((line) =>
      [...line.matchAll(/`(test\/[^`]+)`/g)].map((match) => match[1] ?? ""),
    ),
  };
}

test("every test that the guarantees name exists", async () => {
  const { names, files } = citedBy(await readFile(join(root, "docs/guarantees.md"), "utf8"));
  expect(names.length).toBeGreaterThan(15);
  const tests = (await sourceFiles("test")).filter(({ path }) => path.endsWith(".test.ts"));
  const points = new Set(faultPoints.map(({ name }) => name));
  const missing = names.filter(
    (name) => !points.has(name) && !tests.some(({ text }) => text.includes(`"${name}"`)),
  );
  expect(missing).toEqual([]);
  for (const file of files) expect((await stat(join(root, file))).isFile()).toBe(true);
});

test("a name in quotes and a file in backticks are found", () => {
  expect(citedBy('- so: "a fact", "another" and `test/a.test.ts`\n"not a proof"')).toEqual({
    names: ["a fact", "another"],
    files: ["test/a.test.ts"],
  });
});
