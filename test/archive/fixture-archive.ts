// Packs archives and manifests by the book but without any of a packer's cleverness, so that readers can be tested on whatever tree,
// and on whatever lie, a test makes up.
import { createHash } from "node:crypto";
import { crc32, deflateRawSync, zstdCompressSync } from "node:zlib";
import { ManifestWriter, type WrittenManifest } from "@manman/archive/manifest/manifest-writer.ts";
import { planNumbersV1, type PlanNumbers } from "@manman/archive/plan/plan-numbers.ts";
import {
  type ArchiveCodec,
  type Extent,
  type ManifestEntry,
  type ManifestHeader,
  type SegmentRecord,
} from "@manman/archive/manifest/manifest-records.ts";
import { encodeTarHeader } from "@manman/archive/tar/tar-header.ts";

/** One entry to pack; paths are below the root `game/`, directories with a slash at their end. */
export type FixtureEntry = {
  readonly path: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeNs: bigint;
} & (
  | { readonly kind: "directory" }
  | { readonly kind: "file"; readonly data: () => Buffer }
  | { readonly kind: "symlink"; readonly target: Buffer }
  | { readonly kind: "hardlink"; readonly target: Buffer }
);

export type FixtureOptions = {
  readonly codec?: ArchiveCodec;
  readonly numbers?: PlanNumbers;
  readonly header?: Partial<ManifestHeader>;
  /** Files that lie in a base, by their path in latin1; packed without bytes of their own. */
  readonly inBase?: ReadonlyMap<string, ManifestEntry & { kind: "file" }>;
  /** Changes an entry before the manifest takes it. */
  readonly lie?: (entry: ManifestEntry) => ManifestEntry;
};

type FixtureSinks = {
  readonly archive: (bytes: Buffer) => void;
  readonly manifest: (bytes: Buffer) => void;
};

export type Fixture = { readonly archive: Buffer; readonly manifest: Buffer };

/** Small enough that a few kilobytes have large files and several groups. */
export const tinyNumbers: PlanNumbers = {
  smallFileBytesMax: 2000,
  chunkBytes: 3072,
  groupBytesMin: 1,
  groupBytesTarget: 6000,
  groupBytesMax: 12_000,
};

export const fixtureHeader: ManifestHeader = {
  codec: "gzip",
  level: 6,
  numbers: planNumbersV1,
  who: {
    installationId: "11111111-2222-4333-8444-555555555555",
    serverId: 1n,
    configId: 2n,
    sgcId: 42n,
    sessionId: null,
    backupId: 5n,
    kind: "full",
    description: "a fixture",
    createdAtMs: 1_790_000_000_000,
    startedAtMs: 1_790_000_000_000,
  },
  base: null,
};

const verifiedAtMs = 1_790_000_000_000;
const tarBlockBytes = 512;

/** Packs into memory. Entries may come in any order. */
export async function packFixture(
  entries: readonly FixtureEntry[],
  options: FixtureOptions = {},
): Promise<Fixture> {
  const archive: Buffer[] = [];
  const manifest: Buffer[] = [];
  await packFixtureTo(entries, options, {
    archive: (bytes) => void archive.push(bytes),
    manifest: (bytes) => void manifest.push(bytes),
  });
  return { archive: Buffer.concat(archive), manifest: Buffer.concat(manifest) };
}

/** Packs into sinks, a segment at a time. */
async function packFixtureTo(
  entries: readonly FixtureEntry[],
  options: FixtureOptions,
  sinks: FixtureSinks,
): Promise<WrittenManifest> {
  const codec = options.codec ?? "gzip";
  const numbers = options.numbers ?? planNumbersV1;
  const header = { ...fixtureHeader, codec, numbers, ...options.header };
  const writer = new ManifestWriter(header, async (bytes) => {
    sinks.manifest(bytes);
  });
  const packing = new FixturePacking(writer, codec, numbers, sinks, options);
  for (const entry of inArchiveOrder(entries)) await packing.add(entry);
  await packing.end();
  return await writer.end(0);
}

/** The root, what is no directory in ascending order, the other directories in descending order. */
export function inArchiveOrder(entries: readonly FixtureEntry[]): FixtureEntry[] {
  const ascending = entries.toSorted((a, b) => Buffer.compare(a.path, b.path));
  const [root, ...rest] = ascending;
  return [
    ...(root === undefined ? [] : [root]),
    ...rest.filter(({ kind }) => kind !== "directory"),
    ...rest.filter(({ kind }) => kind === "directory").toReversed(),
  ];
}

class FixturePacking {
  readonly #writer: ManifestWriter;
  readonly #codec: ArchiveCodec;
  readonly #numbers: PlanNumbers;
  readonly #sinks: FixtureSinks;
  readonly #options: FixtureOptions;
  #group: Buffer[] = [];
  #groupBytes = 0;
  #groupEntries = 0;
  #segment = 0;
  #groupHoldsDirectories = false;
  #isRoot = true;

  constructor(
    writer: ManifestWriter,
    codec: ArchiveCodec,
    numbers: PlanNumbers,
    sinks: FixtureSinks,
    options: FixtureOptions,
  ) {
    this.#writer = writer;
    this.#codec = codec;
    this.#numbers = numbers;
    this.#sinks = sinks;
    this.#options = options;
  }

  async add(entry: FixtureEntry): Promise<void> {
    const inBase = this.#options.inBase?.get(entry.path.toString("latin1"));
    if (inBase !== undefined) {
      await this.#tell({ ...inBase, headerSegment: null });
      return;
    }
    const isLeaf = entry.kind !== "directory";
    if (!isLeaf && !this.#isRoot && !this.#groupHoldsDirectories) {
      await this.#cut();
      this.#groupHoldsDirectories = true;
    }
    this.#isRoot = false;
    const data = entry.kind === "file" ? entry.data() : Buffer.alloc(0);
    const head = encodeTarHeader(
      entry.kind === "file" ? { ...entry, sizeBytes: data.length } : entry,
    );
    if (data.length > this.#numbers.smallFileBytesMax) await this.#addLarge(entry, head, data);
    else await this.#addSmall(entry, head, data);
  }

  async end(): Promise<void> {
    this.#put(Buffer.alloc(2 * tarBlockBytes));
    await this.#cut();
  }

  async #addSmall(entry: FixtureEntry, head: Buffer, data: Buffer): Promise<void> {
    const framed = padded(Buffer.concat([head, data]));
    if (this.#groupBytes + framed.length > this.#numbers.groupBytesMax) await this.#cut();
    const rawOffset = this.#groupBytes + head.length;
    const extents: Extent[] =
      data.length === 0
        ? []
        : [{ source: "own", segment: this.#segment, rawOffset, bytes: data.length }];
    await this.#tell(this.#manifestEntry(entry, data.length, sha256Of(data), extents));
    this.#put(framed);
    this.#groupEntries += 1;
    if (this.#groupBytes >= this.#numbers.groupBytesTarget) await this.#cut();
  }

  async #addLarge(entry: FixtureEntry, head: Buffer, data: Buffer): Promise<void> {
    await this.#cut();
    const { chunkBytes } = this.#numbers;
    const chunks: Buffer[] = [];
    for (let at = 0; at < data.length; at += chunkBytes)
      chunks.push(data.subarray(at, at + chunkBytes));
    const tree = sha256Of(Buffer.concat(chunks.map(sha256Of)));
    const extents: Extent[] = [
      { source: "own", segment: this.#segment + 1, rawOffset: 0, bytes: data.length },
    ];
    await this.#tell(this.#manifestEntry(entry, data.length, tree, extents));
    this.#groupEntries = 1;
    this.#put(head);
    await this.#cut();
    for (const chunk of chunks) {
      this.#put(chunk === chunks.at(-1) ? padded(chunk) : chunk);
      await this.#cut(chunk);
    }
  }

  #manifestEntry(
    entry: FixtureEntry,
    sizeBytes: number,
    sha256: Buffer,
    extents: Extent[],
  ): ManifestEntry {
    const { path, mode, uid, gid, mtimeNs } = entry;
    const known = { path, mode, uid, gid, mtimeNs, headerSegment: this.#segment };
    const base = { ...known, ctimeNs: mtimeNs + 1n, dev: 66_306n, ino: 77n };
    if (entry.kind === "directory") return { ...base, kind: "directory" };
    if (entry.kind !== "file") return { ...base, kind: entry.kind, target: entry.target };
    const flags = { racy: false, warned: false, sqlite: null };
    return { ...base, kind: "file", sizeBytes, sha256, extents, ...flags };
  }

  async #tell(entry: ManifestEntry): Promise<void> {
    await this.#writer.addEntry(this.#options.lie?.(entry) ?? entry);
  }

  #put(bytes: Buffer): void {
    this.#group.push(bytes);
    this.#groupBytes += bytes.length;
  }

  async #cut(chunk: Buffer | null = null): Promise<void> {
    if (this.#groupBytes === 0) return;
    const raw = Buffer.concat(this.#group);
    const stored = encodeFixtureSegment(this.#codec, raw);
    const record: SegmentRecord = {
      storedBytes: stored.length,
      rawBytes: raw.length,
      storedSha256: sha256Of(stored),
      chunk: chunk === null ? null : { dataBytes: chunk.length, dataSha256: sha256Of(chunk) },
      entryCount: this.#groupEntries,
      origin: "made",
      verifiedAtMs,
    };
    this.#sinks.archive(stored);
    await this.#writer.addSegment(record);
    this.#group = [];
    this.#groupBytes = 0;
    this.#groupEntries = 0;
    this.#segment += 1;
  }
}

/** One segment as stored bytes. */
function encodeFixtureSegment(codec: ArchiveCodec, raw: Buffer): Buffer {
  if (codec === "none") return raw;
  if (codec === "zstd") {
    const frame = zstdCompressSync(raw, { params: { 201: 1 } });
    const head = Buffer.alloc(16);
    head.writeUInt32LE(0x184d2a50, 0);
    head.writeUInt32LE(8, 4);
    head.writeUInt32LE(frame.length + head.length, 8);
    head.writeUInt32LE(raw.length, 12);
    return Buffer.concat([head, frame]);
  }
  const body = deflated(raw);
  const head = Buffer.from([
    31, 139, 8, 4, 0, 0, 0, 0, 0, 255, 12, 0, 77, 77, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  ]);
  head.writeUInt32LE(head.length + body.length + 8, 16);
  head.writeUInt32LE(raw.length, 20);
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE(crc32(raw), 0);
  tail.writeUInt32LE(raw.length, 4);
  return Buffer.concat([head, body, tail]);
}

function deflated(raw: Buffer): Buffer {
  const sample = raw.subarray(0, 65_536);
  const compresses = deflateRawSync(sample, { level: 1 }).length < sample.length * 0.95;
  return deflateRawSync(raw, { level: compresses ? 6 : 0 });
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % tarBlockBytes;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(tarBlockBytes - rest)]);
}

function sha256Of(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
