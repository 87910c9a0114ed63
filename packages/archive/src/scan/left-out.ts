// Why an entry that was listed is not in the archive. Whatever takes a name's place after it was listed is not followed, not waited
// for, and not read as if it were what the listing said: it is left out with a warning.
import { fileSystemFault, systemErrorCode } from "../file-system-fault.ts";

export type LeftOutReason =
  /** A socket, fifo or device: archives do not hold those. */
  | "skipped"
  /** Was listed, and gone when it was opened. */
  | "vanished"
  /** Became something else (a symlink, a directory) between listing and opening. */
  | "replaced";

export type LeftOut = { readonly reason: LeftOutReason; readonly detail: string };

export const vanished: LeftOut = {
  reason: "vanished",
  detail: "was gone before it could be opened",
};

export const replaced: LeftOut = {
  reason: "replaced",
  detail: "became something else before it could be opened",
};

/**
 * What it means that an entry could not be opened: gone, or, where the error is one of `replacedCodes`, no longer of its kind.
 * Throws a Fault for everything else.
 */
export function leftOutOrFault(
  error: unknown,
  shownPath: () => string,
  replacedCodes: readonly string[],
): LeftOut {
  const code = systemErrorCode(error);
  if (code === "ENOENT") return vanished;
  if (code !== undefined && replacedCodes.includes(code)) return replaced;
  throw fileSystemFault(error, "open", shownPath());
}
