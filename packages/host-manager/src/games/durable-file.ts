// Files that are there whole or not at all, whatever dies in the middle, the machine included.
import { link, open, readFile, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes `path`, in place of what was there. Once it resolves, the content survives a loss of power. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const draft = await writeDraft(path, content);
  await rename(draft, path);
  await syncDirectory(dirname(path));
}

/** Writes `path` if nothing is there, and says whether it did. Of any number of processes that try, exactly one gets true. */
export async function createDurably(path: string, content: string): Promise<boolean> {
  const draft = await writeDraft(path, content);
  try {
    await link(draft, path);
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await unlink(draft);
  }
  await syncDirectory(dirname(path));
  return true;
}

/** The whole of a small file; undefined when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Makes the names in `directory` as they are now survive a loss of power. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether a system call failed with `code`. */
export function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

let drafts = 0;

/** The drafts of different processes, and of different calls in one, have different names. */
async function writeDraft(path: string, content: string): Promise<string> {
  drafts += 1;
  const draft = `${path}.${process.pid}-${drafts}.draft`;
  const handle = await open(draft, "w", 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return draft;
}
