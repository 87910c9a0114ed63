// Gives a file or directory that is open its owner, its mode and its time. The owner comes first, because changing it clears setuid.
import { fchmodSync, fchownSync, futimesSync } from "node:fs";
import { systemErrorCode } from "../file-system-fault.ts";

export type OpenAttributes = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
};

/** What the system answers to those who may not give files away, or for ids that a user namespace does not know. */
const ownerRefusals = ["EPERM", "EINVAL"];

/** Returns whether the owner could be set, or was not to be. Fails with a system error. */
export function setOwnerAndMode(
  fd: number,
  { mode, uid, gid }: OpenAttributes,
  owners: boolean,
): boolean {
  let owned = true;
  if (owners) {
    try {
      fchownSync(fd, uid, gid);
    } catch (error) {
      if (!ownerRefusals.includes(systemErrorCode(error) ?? "")) throw error;
      owned = false;
    }
  }
  fchmodSync(fd, mode);
  return owned;
}

/** Sets the time as nearly as seconds in floating point say it. Fails with a system error. */
export function setTime(fd: number, mtimeSeconds: number): void {
  futimesSync(fd, mtimeSeconds, mtimeSeconds);
}
