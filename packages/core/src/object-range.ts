// Which ranges of an object may be asked for: a store answers a senseless one in ways of its own, or with the whole object.
import type { ObjectRange } from "./ports.ts";

/** What is wrong with a range, or null. */
export function rangeProblem(
  { offsetBytes, lengthBytes }: Pick<ObjectRange, "offsetBytes" | "lengthBytes">,
  bytesMax: number,
): string | null {
  if (!Number.isSafeInteger(offsetBytes) || offsetBytes < 0)
    return "it must begin at byte 0 or later";
  if (!Number.isSafeInteger(lengthBytes) || lengthBytes < 1 || lengthBytes > bytesMax) {
    return `it must have 1 to ${bytesMax} bytes`;
  }
  return null;
}
