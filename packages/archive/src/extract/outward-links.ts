// Says whether a symlink can lead out of the tree that it stands in, by its text alone.

/**
 * Whether the symlink at `latin1Path`, all of whose directories are real ones, may lead outside the first directory of its path. It stays
 * inside when its text is relative, goes up only at its beginning, and no further than that directory: names after it may be symlinks
 * that stay inside themselves, but a `..` behind one of those leads nobody knows where.
 */
export function leadsOut(latin1Path: string, target: Buffer): boolean {
  const text = target.toString("latin1");
  if (text.startsWith("/")) return true;
  const names = text.split("/").filter((name) => name !== "" && name !== ".");
  const firstName = names.findIndex((name) => name !== "..");
  const up = firstName < 0 ? names.length : firstName;
  const depthBelowRoot = latin1Path.split("/").length - 2;
  return up > depthBelowRoot || names.slice(up).includes("..");
}
