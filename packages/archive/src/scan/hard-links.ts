// Finds names that lead to the same inode: the first in the archive carries the data, the others become links to it.

/** Identity of an inode with more than one name. */
export type LinkedInode = {
  /** Device, inode and time of birth: an inode number alone is used again as soon as a file is deleted. */
  readonly key: string;
  /** How many names it has, some of which may lie outside the tree. */
  readonly names: number;
};

/** Remembers inodes with several names until the last of them was seen. Bound: a path and about 200 bytes for each inode whose names were not all seen yet. */
export class HardLinks {
  readonly #known = new Map<string, { latin1Path: string; namesLeft: number }>();

  /** The archive path that already carries this inode's data, or undefined when this one is the first. */
  firstPath(inode: LinkedInode, latin1Path: string): string | undefined {
    const known = this.#known.get(inode.key);
    if (known === undefined) {
      this.#known.set(inode.key, { latin1Path, namesLeft: inode.names - 1 });
      return undefined;
    }
    known.namesLeft -= 1;
    if (known.namesLeft <= 0) this.#known.delete(inode.key);
    return known.latin1Path;
  }
}
