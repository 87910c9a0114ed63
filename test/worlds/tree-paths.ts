// Lists every path of a tree in raw bytes, links unfollowed.
import { readdirSync } from "node:fs";

/** The tree's own path first, then each directory before what it holds, in byte order of names. */
export function treePaths(root: string | Buffer): Buffer[] {
  const paths = [Buffer.from(root)];
  const visit = (directory: Buffer): void => {
    const dirents = readdirSync(directory, { encoding: "buffer", withFileTypes: true });
    for (const dirent of dirents.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
      const path = Buffer.concat([directory, Buffer.from("/"), dirent.name]);
      paths.push(path);
      if (dirent.isDirectory()) visit(path);
    }
  };
  visit(paths[0] as Buffer);
  return paths;
}
