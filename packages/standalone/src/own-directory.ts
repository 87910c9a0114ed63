// Serves a directory of the user's where a game's data would lie, by a link: nothing in it is touched or copied.
import { lstat, mkdir, readlink, rm, stat, symlink } from "node:fs/promises";
import { dirname } from "node:path";

/** Why a path cannot be served; undefined when it can. */
export async function directoryProblem(path: string): Promise<string | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error.code ?? "unknown");
  if (found === "ENOENT") return `--data-dir: there is no ${path}`;
  if (typeof found === "string") return `--data-dir: ${path} cannot be read (${found})`;
  return found.isDirectory() ? undefined : `--data-dir: ${path} is not a directory`;
}

/** Makes `link` lead to `target`; a real directory that stands there is left alone and refused. */
export async function linkDirectory(link: string, target: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true });
  const standing = await lstat(link).catch(() => undefined);
  if (standing !== undefined && !standing.isSymbolicLink()) {
    throw new Error(`${link} is not a link to ${target}; move it away`);
  }
  if (standing !== undefined && (await readlink(link)) === target) return;
  await rm(link, { force: true });
  await symlink(target, link);
}
