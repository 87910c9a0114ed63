// Turns what the file system refuses into a Fault that names the path as people know it.
import { getSystemErrorMessage } from "node:util";
import { Fault, type FaultKind } from "@manman/core/fault.ts";

const faultKinds: Readonly<Record<string, FaultKind>> = {
  ENOENT: "missing",
  EMFILE: "exhausted",
  ENFILE: "exhausted",
  ENOMEM: "exhausted",
  ENOSPC: "exhausted",
  EDQUOT: "exhausted",
  EIO: "away",
  ESTALE: "away",
  ETIMEDOUT: "away",
  ENOTCONN: "away",
  EHOSTDOWN: "away",
};

/** The code of a system error (`ENOENT`), or undefined for anything else that was thrown. */
export function systemErrorCode(thrown: unknown): string | undefined {
  return isSystemError(thrown) ? thrown.code : undefined;
}

/**
 * A Fault for a system error, its context being `action` and `path`: `read /data/game/level.dat: EACCES (permission denied)`.
 * The error's own words are left out: they name a path below /proc. Anything that is no system error comes back unchanged.
 */
export function fileSystemFault(thrown: unknown, action: string, path: string): unknown {
  if (!isSystemError(thrown)) return thrown;
  const reason = `${thrown.code} (${getSystemErrorMessage(thrown.errno)})`;
  const cause = new Error(reason, { cause: thrown });
  return new Fault(faultKinds[thrown.code] ?? "rejected", `${action} ${path}`, cause);
}

type SystemError = Error & { code: string; errno: number };

function isSystemError(thrown: unknown): thrown is SystemError {
  return (
    thrown instanceof Error &&
    "code" in thrown &&
    typeof thrown.code === "string" &&
    "errno" in thrown &&
    typeof thrown.errno === "number"
  );
}
