// Says whether bytes are a path that an archive may hold. Whatever leads out of the target, or nowhere, is refused by name before
// anything is made on disk.

/** Far more than a kernel takes in one call, but not so much that a line of them outgrows its bound. */
export const pathBytesMax = 32 * 1024;
export const pathDepthMax = 2048;
/** What file systems take as one name. */
const nameBytesMax = 255;

/** Names that are empty, `.` or `..`, wherever they stand, and anything absolute. */
const strayName = /(?:^|\/)\.{0,2}(?:\/|$)/;

/**
 * Why `latin1Path` (one character a byte, or text) cannot be an archive path, in words, or undefined when it can. It is relative, its
 * names are neither empty nor `.` nor `..`, and it ends in a slash when, and only when, it names a directory.
 */
export function pathFlaw(path: string, isDirectory: boolean): string | undefined {
  if (path.endsWith("/") !== isDirectory) {
    return isDirectory
      ? "a directory without a slash"
      : "a slash at the end of what is no directory";
  }
  const plain = isDirectory ? path.slice(0, -1) : path;
  if (plain.startsWith("/")) return "an absolute path";
  if (strayName.test(plain)) return "a path with an empty name, . or ..";
  if (plain.includes("\0")) return "a path with a NUL byte";
  return lengthFlaw(plain);
}

/** Whether a path in raw bytes names a directory. */
export function isDirectoryPath(path: Buffer): boolean {
  return path.at(-1) === slash;
}

const slash = 0x2f;

function lengthFlaw(plain: string): string | undefined {
  if (plain.length > pathBytesMax) return `a path of more than ${pathBytesMax} bytes`;
  if (plain.length <= nameBytesMax) return undefined;
  const names = plain.split("/");
  if (names.length > pathDepthMax) return `a path of more than ${pathDepthMax} names`;
  if (names.some((name) => name.length > nameBytesMax)) {
    return `a name of more than ${nameBytesMax} bytes`;
  }
  return undefined;
}
