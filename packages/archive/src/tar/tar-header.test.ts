import { Header, Pax } from "tar";
import { expect, test } from "vitest";
import type { ArchiveEntry } from "./archive-entry.ts";
import { encodeTarHeader } from "./tar-header.ts";

const file: ArchiveEntry = {
  kind: "file",
  path: Buffer.from("game/level.dat"),
  mode: 0o644,
  uid: 1000,
  gid: 1001,
  mtimeNs: 1_700_000_000_123_456_789n,
  sizeBytes: 5,
};

/** The records and the plain block of a header, taken apart by position. */
function parts(entry: ArchiveEntry): { records: string; block: Buffer } {
  const header = encodeTarHeader(entry);
  const recordBytes = Number.parseInt(header.toString("latin1", 124, 135), 8);
  return {
    records: header.toString("latin1", 512, 512 + recordBytes),
    block: header.subarray(header.length - 512),
  };
}

/** The same header as another implementation reads it. */
function asNodeTarReads(entry: ArchiveEntry): Header {
  const header = encodeTarHeader(entry);
  const extended = new Header(header, 0);
  expect(extended.cksumValid).toBe(true);
  expect(extended.type).toBe("ExtendedHeader");
  const records = Pax.parse(header.toString("utf8", 512, 512 + (extended.size ?? 0)));
  const plain = new Header(header, header.length - 512, records);
  expect(plain.cksumValid).toBe(true);
  return plain;
}

function named(bytes: number): Buffer {
  return Buffer.from("n".repeat(bytes));
}

function link(bytes: number): ArchiveEntry {
  return { ...file, kind: "symlink", target: Buffer.from("t".repeat(bytes)) };
}

function text(block: Buffer, offset: number, width: number): string {
  return block.toString("latin1", offset, offset + width);
}

test("a header is an extended header with the time and a plain one with the rest", () => {
  const { records, block } = parts(file);
  expect(encodeTarHeader(file)).toHaveLength(3 * 512);
  expect(records).toBe("30 mtime=1700000000.123456789\n");
  expect(text(block, 0, 15)).toBe("game/level.dat\0");
  expect(text(block, 100, 48)).toBe(
    "0000644\u00000001750\u00000001751\u000000000000005\u000014524770400\u0000",
  );
  expect(text(block, 156, 2)).toBe("0\0");
  expect(text(block, 257, 8)).toBe("ustar\u000000");
  expect(text(block, 265, 64)).toBe("\0".repeat(64));
});

test("another implementation reads the same", () => {
  expect(asNodeTarReads(file)).toMatchObject({
    path: "game/level.dat",
    type: "File",
    mode: 0o644,
    uid: 1000,
    gid: 1001,
    size: 5,
    mtime: new Date(1_700_000_000_123),
    uname: "",
    gname: "",
  });
});

test("each kind has its type, and only a file has a size", () => {
  const { path, mode, uid, gid, mtimeNs } = file;
  const rest = { path, mode, uid, gid, mtimeNs };
  const target = Buffer.from("game/first");
  const kinds: [ArchiveEntry, string, string | undefined][] = [
    [{ ...rest, kind: "directory", path: Buffer.from("game/") }, "Directory", ""],
    [{ ...rest, kind: "symlink", target }, "SymbolicLink", "game/first"],
    [{ ...rest, kind: "hardlink", target }, "Link", "game/first"],
  ];
  for (const [entry, type, linkpath] of kinds) {
    expect(asNodeTarReads(entry)).toMatchObject({ type, linkpath, size: 0 });
  }
});

test("a name of 100 bytes fits, a longer one goes into a record", () => {
  expect(parts({ ...file, path: named(100) }).records).not.toContain("path=");
  expect(text(parts({ ...file, path: named(100) }).block, 0, 101)).toBe(`${"n".repeat(100)}0`);
  expect(parts({ ...file, path: named(101) }).records).toContain(` path=${"n".repeat(101)}\n`);
  expect(parts({ ...file, path: named(4096) }).records).toContain(` path=${"n".repeat(4096)}\n`);
  expect(encodeTarHeader({ ...file, path: named(4096) })).toHaveLength(512 + 4608 + 512);
});

test("a link's text of 100 bytes fits, a longer one goes into a record", () => {
  expect(parts(link(100)).records).not.toContain("linkpath=");
  expect(parts(link(101)).records).toContain(` linkpath=${"t".repeat(101)}\n`);
  expect(text(parts(link(100)).block, 157, 101)).toBe(`${"t".repeat(100)}u`);
});

test("names are copied byte for byte", () => {
  const { records, block } = parts({ ...file, path: Buffer.from([0x67, 0x2f, 0xff, 0x80, 0xe9]) });
  expect(records).not.toContain("hdrcharset");
  expect(text(block, 0, 6)).toBe("g/\xff\x80\xe9\0");
  const long = parts({ ...file, path: Buffer.alloc(200, 0xe9) });
  expect(long.records).toContain(`21 hdrcharset=BINARY\n210 path=${"\xe9".repeat(200)}\n`);
});

test("8 GiB is the first size that needs a record", () => {
  const below = parts({ ...file, sizeBytes: 8_589_934_591 });
  expect(below.records).not.toContain("size=");
  expect(text(below.block, 124, 12)).toBe("77777777777\0");
  expect(parts({ ...file, sizeBytes: 8_589_934_592 }).records).toContain("19 size=8589934592\n");
  expect(asNodeTarReads({ ...file, sizeBytes: 9_663_676_416 }).size).toBe(9_663_676_416);
});

test("an owner beyond the plain field goes into a record, and never reads as root without it", () => {
  const owned = parts({ ...file, uid: 2_097_152, gid: 4_294_967_294 });
  expect(owned.records).toContain("15 uid=2097152\n");
  expect(owned.records).toContain("18 gid=4294967294\n");
  expect(text(owned.block, 108, 16)).toBe("7777777\u00007777777\0");
  expect(parts({ ...file, uid: 2_097_151 }).records).not.toContain("uid=");
});

test("setuid, setgid and sticky stay", () => {
  expect(text(parts({ ...file, mode: 0o7755 }).block, 100, 8)).toBe("0007755\0");
});

test("a time says exactly what it is, before 1970 too", () => {
  const times: [bigint, string, string][] = [
    [0n, "0.000000000", "00000000000"],
    [1n, "0.000000001", "00000000000"],
    [-1n, "-0.000000001", "00000000000"],
    [-1_500_000_000n, "-1.500000000", "00000000000"],
    [1_000_000_000n, "1.000000000", "00000000001"],
    [8_589_934_592_000_000_001n, "8589934592.000000001", "77777777777"],
  ];
  for (const [mtimeNs, record, field] of times) {
    const { records, block } = parts({ ...file, mtimeNs });
    expect(records).toContain(` mtime=${record}\n`);
    expect(text(block, 136, 12)).toBe(`${field}\0`);
  }
});
