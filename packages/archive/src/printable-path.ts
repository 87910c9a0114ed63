// Shows a path of raw bytes to people: names need not be UTF-8, and a replacement character would hide which file is meant.
import { isUtf8 } from "node:buffer";

/** The path as text; where it is not UTF-8, every byte outside ASCII reads `\xE9`. */
export function printablePath(path: Buffer): string {
  if (isUtf8(path)) return path.toString("utf8");
  return path
    .toString("latin1")
    .replaceAll(/[\u0080-\u00ff]/g, (char) => String.raw`\x${hexOf(char)}`);
}

function hexOf(char: string): string {
  return char.charCodeAt(0).toString(16).toUpperCase();
}
