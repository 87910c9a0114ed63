// Reads the project's own TypeScript sources for the tests of its architecture.
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";

const root = join(import.meta.dirname, "../..");

export type SourceFile = { readonly path: string; readonly text: string };

/** Every `.ts` below a folder of the repository, generated code left out; paths from the repository's root. */
export async function sourceFiles(folder: string): Promise<SourceFile[]> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("/generated/") && !path.includes("node_modules"));
  return await Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(root, path), "utf8") })),
  );
}
