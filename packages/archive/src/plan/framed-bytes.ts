// How much of a tar an entry takes, before anybody has read it: the measure by which groups are cut.

const blockBytes = 512;
/** The block of the extended header and that of the plain one. */
const headerBlocksBytes = 2 * blockBytes;
/** The record of a time takes 30 bytes in our century; the others' frames are rounded up. */
const timeRecordBytes = 30;
const longNameFrameBytes = 24;
const nameBytesMax = 100;

export type FramedEntry = {
  /** Bytes of the path in the archive. */
  readonly pathBytes: number;
  /** Bytes of a link's target; 0 for what is no link. */
  readonly targetBytes: number;
  /** Bytes of data; 0 for what is no file. */
  readonly dataBytes: number;
};

/**
 * Header, data and padding. It follows from the arguments by a formula that never changes, so that every planner cuts alike; the header
 * itself may come out a block or so longer, where names are no UTF-8 or numbers exceed the plain header.
 */
export function framedBytes({ pathBytes, targetBytes, dataBytes }: FramedEntry): number {
  const recordBytes = timeRecordBytes + longNameBytes(pathBytes) + longNameBytes(targetBytes);
  return headerBlocksBytes + padded(recordBytes) + padded(dataBytes);
}

function longNameBytes(nameBytes: number): number {
  return nameBytes > nameBytesMax ? nameBytes + longNameFrameBytes : 0;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}
