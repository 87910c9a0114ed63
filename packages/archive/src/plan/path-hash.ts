// The hash that decides where groups of files are cut: of the path alone, so that what happens to one file moves no border but those beside it.

/**
 * FNV-1a of 32 bits over the path's bytes, mixed by the finaliser of MurmurHash3. `latin1Path`: one character a byte. 0 up to 2^32 - 1.
 * Archives are compared with earlier ones by it, so it never changes within a version of the format.
 */
export function pathHash(latin1Path: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < latin1Path.length; at += 1) {
    hash = Math.imul(hash ^ latin1Path.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
