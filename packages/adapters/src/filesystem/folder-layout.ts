// Where everything lies in a folder that serves as object store, and which keys may become paths in it.
//
//   {root}/backups/42/5.tar.gz                              an object
//   {root}/.uploads/{hash of key}/{uploadId}/               an open upload
//   {root}/.uploads/{hash of key}/{uploadId}.sealed/        one that is being completed: nobody adds to it any more
//   {root}/.uploads/.trash/{uploadId}/                      one that is over; only its removal is left
//   in an upload: key (the key that it is for), data-{sender} (the parts' bytes), parts-{sender} (the list of them)
import { createHash } from "node:crypto";
import { join } from "node:path";
import { Fault } from "@manman/core/fault.ts";

const uploads = ".uploads";
const sealed = ".sealed";
const keyBytesMax = 1_024;
const nameBytesMax = 255;
const uploadIdPattern = /^[0-9a-z]+-[0-9a-f-]{36}$/;

export type FolderLayout = ReturnType<typeof folderLayout>;

export function folderLayout(root: string) {
  const uploadsPath = join(root, uploads);
  const uploadsOf = (key: string): string => join(uploadsPath, uploadsName(checkedKey(key)));
  return {
    root,
    uploads: uploadsPath,
    trash: join(uploadsPath, ".trash"),
    object: (key: string): string => join(root, checkedKey(key)),
    /** Holds the open uploads of one key. */
    uploadsOf,
    openUpload: (key: string, uploadId: string): string =>
      join(uploadsOf(key), uploadName(uploadId)),
    sealedUpload: (key: string, uploadId: string): string =>
      join(uploadsOf(key), uploadName(uploadId) + sealed),
    trashedUpload: (uploadId: string): string => join(uploadsPath, ".trash", uploadName(uploadId)),
  };
}

/** The id of an upload that is opened now; it carries the time. */
export function newUploadId(nowMs: number, uuid: string): string {
  return `${nowMs.toString(36)}-${uuid}`;
}

/** The upload that a folder's name belongs to, and when it was opened; null for a name that is none of ours. */
export function readUploadName(name: string): { uploadId: string; initiatedAtMs: number } | null {
  const uploadId = name.endsWith(sealed) ? name.slice(0, -sealed.length) : name;
  if (!uploadIdPattern.test(uploadId)) return null;
  return { uploadId, initiatedAtMs: Number.parseInt(uploadId, 36) };
}

/** In an upload's folder: holds the key that it is for. An upload whose opening was cut short has none. */
export const keyFile = "key";

/** The name of the folder that holds the uploads of a key; uploads are listed in the order of these. */
export function uploadsName(key: string): string {
  return hashOf(key);
}

/** The names of one sender's files in an upload. */
export const dataFile = (sender: string): string => `data-${sender}`;
export const partsFile = (sender: string): string => `parts-${sender}`;

/** The senders that have files among these names. */
export function sendersAmong(names: readonly string[]): string[] {
  return names.filter((name) => name.startsWith("parts-")).map((name) => name.slice(6));
}

/** Throws `rejected` for a key that could lead out of the folder, or into the uploads. */
function checkedKey(key: string): string {
  const problem = problemOf(key);
  if (problem === null) return key;
  throw new Fault("rejected", `object key ${JSON.stringify(key)}: ${problem}`);
}

function problemOf(key: string): string | null {
  if (key === "" || Buffer.byteLength(key) > keyBytesMax) {
    return `must have 1 to ${keyBytesMax} bytes`;
  }
  if (key.includes("\0")) return "must not contain NUL";
  const names = key.split("/");
  if (names.some((name) => name === "" || name === "." || name === "..")) {
    return "must not have empty parts, `.` or `..` between its slashes";
  }
  if (names.some((name) => Buffer.byteLength(name) > nameBytesMax)) {
    return `must have at most ${nameBytesMax} bytes between two slashes`;
  }
  return names[0] === uploads ? `must not begin with ${uploads}` : null;
}

/** The folder name of an upload. An id that is none of ours leads to a name that no upload has, and to no other path. */
function uploadName(uploadId: string): string {
  return uploadIdPattern.test(uploadId) ? uploadId : "none";
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}
