// What no manifest of version 1 exceeds. A reader refuses anything beyond, so that a few hostile bytes cannot ask for all its memory.

export const formatName = "manman-archive";
export const formatVersion = 1;

/** Records of one block. */
export const blockRecordsMax = 1000;
/** A writer ends a block when its text comes to this, so that long paths do not make long lines. */
export const blockTextBytesTarget = 1024 * 1024;
/** Text of one block, which is one line. */
export const blockTextBytesMax = 8 * 1024 * 1024;
export const headerTextBytesMax = 256 * 1024;
/** Text of the index: some 100 bytes for each block, so that hundreds of millions of entries have room. */
export const indexTextBytesMax = 64 * 1024 * 1024;
/** What compression adds at most to what does not compress, with room to spare. */
export const storedOverheadBytesMax = 64 * 1024;

/** Extents of one file: a large one whose every second chunk changed, up to 400 GB. */
export const extentsMax = 100_000;
/** Raw and stored bytes of one segment. */
export const segmentBytesMax = 16 * 1024 * 1024;
export const digestBytes = 32;
export const linkTargetBytesMax = 32 * 1024;
