// Puts what goes wrong outside into words and kinds: which session, which call, and whether a retry can help.
import { Fault, type FaultKind } from "@manman/core/fault.ts";

const KIND_BY_CODE: Readonly<Record<string, FaultKind>> = {
  EACCES: "rejected",
  EPERM: "rejected",
  EROFS: "rejected",
  ENOENT: "missing",
  ENOTDIR: "missing",
  ENOSPC: "exhausted",
  EDQUOT: "exhausted",
  EMFILE: "exhausted",
  ENFILE: "exhausted",
  ENOMEM: "exhausted",
  EAGAIN: "exhausted",
};

/** Does `work`; a Fault, or a failed system call, becomes a Fault that begins with `context`. Anything else is a bug and passes. */
export async function inContext<Result>(
  context: string,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw new Fault(error.kind, context, error);
    if (!isSystemError(error)) throw error;
    throw new Fault(KIND_BY_CODE[error.code] ?? "away", context, error);
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && "errno" in error && "code" in error;
}
