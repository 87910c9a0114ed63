// Reads a small file whole, so that one that changes meanwhile can be read again before its header is written.
import { closeSync, readSync } from "node:fs";
import { tarBlockBytes } from "../tar/tar-header.ts";
import { changeBetween, isSameInode, type EntryStatus } from "../scan/entry-status.ts";
import type { LeftOut } from "../scan/left-out.ts";
import {
  fileStatus,
  isLeftOut,
  openByPath,
  openFile,
  readFault,
  type OpenTree,
} from "./open-tree.ts";

const readingsMax = 3;

/** Gives room for a file of that status: its data and the padding behind it; undefined when there is none. */
export type RoomFor = (status: EntryStatus) => Buffer | undefined;

export type SmallFile =
  /** Its data and padding stand in the room that was given for this status. */
  | { readonly kind: "read"; readonly status: EntryStatus; readonly changed?: string }
  | { readonly kind: "left-out"; readonly leftOut: LeftOut }
  | { readonly kind: "no-room" }
  /** It is no longer small. */
  | { readonly kind: "outgrown" };

/**
 * Reads until a reading has seen no change; where none of three did, the last one stands, and `changed` says how it changed. Throws a Fault
 * when it may not be read.
 */
export function readSmallFile(
  tree: OpenTree,
  latin1Path: string,
  scanned: EntryStatus,
  sizeBytesMax: number,
  roomFor: RoomFor,
): SmallFile {
  return (
    readUntouched(tree, latin1Path, scanned, roomFor) ??
    readTouched(tree, latin1Path, scanned, sizeBytesMax, roomFor)
  );
}

/** The way of nearly every file: it is as it was when it was scanned, after it was read. Undefined when anything is otherwise. */
function readUntouched(
  tree: OpenTree,
  latin1Path: string,
  scanned: EntryStatus,
  roomFor: RoomFor,
): SmallFile | undefined {
  const room = roomFor(scanned);
  if (room === undefined) return { kind: "no-room" };
  let fd: number | undefined;
  try {
    fd = openByPath(tree, latin1Path);
    fill(fd, room, scanned.sizeBytes);
    const after = fileStatus(fd);
    if (!isSameInode(after, scanned) || changeBetween(scanned, after) !== undefined)
      return undefined;
    return { kind: "read", status: scanned };
  } catch {
    // The other way finds out what it means: something that is no file has its name, or it may not be read.
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function readTouched(
  tree: OpenTree,
  latin1Path: string,
  scanned: EntryStatus,
  sizeBytesMax: number,
  roomFor: RoomFor,
): SmallFile {
  const opened = openFile(tree, latin1Path, scanned);
  if (isLeftOut(opened)) return { kind: "left-out", leftOut: opened };
  let before = opened.status;
  try {
    for (let reading = 1; ; reading += 1) {
      if (before.sizeBytes > sizeBytesMax) return { kind: "outgrown" };
      const room = roomFor(before);
      if (room === undefined) return { kind: "no-room" };
      fill(opened.fd, room, before.sizeBytes);
      const after = fileStatus(opened.fd);
      const changed = changeBetween(before, after);
      if (changed === undefined) return { kind: "read", status: before };
      if (reading === readingsMax) return { kind: "read", status: before, changed };
      before = after;
    }
  } catch (error) {
    throw readFault(error, tree, latin1Path);
  } finally {
    closeSync(opened.fd);
  }
}

/** The file's first `sizeBytes`, with zeros for what is no longer there and up to the end of the room. */
function fill(fd: number, room: Buffer, sizeBytes: number): void {
  room.fill(0, readInto(fd, room, 0, sizeBytes));
}

/** Reads up to `sizeBytes` from an offset of the file into the beginning of `target`, and gives how many there were. */
export function readInto(
  fd: number,
  target: Buffer,
  offsetBytes: number,
  sizeBytes: number,
): number {
  let filled = 0;
  while (filled < sizeBytes) {
    const read = readSync(fd, target, filled, sizeBytes - filled, offsetBytes + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

/** Zeros behind a file's data, up to the next block. */
export function paddingBytes(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}
