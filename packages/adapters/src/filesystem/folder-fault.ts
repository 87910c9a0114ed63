// Turns errors of the file system into faults, by their codes.
import { Fault, type FaultKind } from "@manman/core/fault.ts";

const kindOfCode: Readonly<Record<string, FaultKind>> = {
  ENOENT: "missing",
  EACCES: "rejected",
  EPERM: "rejected",
  EROFS: "rejected",
  ENOTDIR: "rejected",
  EISDIR: "rejected",
  ENAMETOOLONG: "rejected",
  ELOOP: "rejected",
  ENOSPC: "exhausted",
  EDQUOT: "exhausted",
  EFBIG: "exhausted",
  EMFILE: "exhausted",
  ENFILE: "exhausted",
  ENOMEM: "exhausted",
};

/** The fault behind what a call to the file system threw; anything else it throws on, since that is a bug. */
export function folderFault(context: string, thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const code = codeOf(thrown);
  if (code === null) throw thrown;
  return new Fault(kindOfCode[code] ?? "away", context, thrown);
}

/** The work's answer, with what it throws made a fault. */
export async function orFault<T>(context: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderFault(context, error);
  }
}

/** What the work answers, or `otherwise` when it finds that a file or folder is not there. */
export async function unlessMissing<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return otherwise;
    throw error;
  }
}

export function codeOf(thrown: unknown): string | null {
  if (!(thrown instanceof Error) || !("syscall" in thrown)) return null;
  const { code } = thrown as NodeJS.ErrnoException;
  return code ?? null;
}
