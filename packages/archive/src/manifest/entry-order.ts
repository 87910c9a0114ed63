// The order of entries in an archive and its manifest: the root, then everything that is no directory in ascending byte order of
// paths, then the other directories in descending order, so that nothing is made in a directory after its own entry.
import { isDirectoryPath } from "../archive-path.ts";

/** Whether an entry with the path `next` may follow one with the path `before`, which is the root when it is the first one. */
export function mayFollow(before: Buffer, next: Buffer, beforeIsRoot: boolean): boolean {
  const wasDirectory = isDirectoryPath(before) && !beforeIsRoot;
  const order = Buffer.compare(before, next);
  if (isDirectoryPath(next)) return !wasDirectory || order > 0;
  return !wasDirectory && order < 0;
}
