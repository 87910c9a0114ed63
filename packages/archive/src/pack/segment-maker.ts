// Makes one segment after the other: reads, frames, hashes and compresses each whole, with calls that block. Runs in a thread of its own.
import { hash } from "node:crypto";
import { encodeRoomBytes, encodeSegment, type Compression } from "../codec/codec.ts";
import type { PlanNumbers } from "../plan/plan-numbers.ts";
import { makeGroup } from "./make-group.ts";
import { readFault, type OpenTree } from "./open-tree.ts";
import { RawSegment } from "./raw-segment.ts";
import { readInto } from "./read-small-file.ts";
import type { ChunkJob, MadeSegment, SegmentJob } from "./segment-job.ts";

/** Everything that a maker needs and that can be handed to another thread. */
export type MakerOptions = {
  readonly tree: OpenTree;
  readonly compression: Compression;
  readonly numbers: PlanNumbers;
};

/** What a segment holds at most, unless one entry alone needs more: room is left for files that grew since they were scanned. */
export function rawBytesMax({ groupBytesMax, smallFileBytesMax }: PlanNumbers): number {
  return groupBytesMax + smallFileBytesMax;
}

export class SegmentMaker {
  readonly #options: MakerOptions;
  readonly #raw: RawSegment;

  constructor(options: MakerOptions) {
    this.#options = options;
    this.#raw = new RawSegment(rawBytesMax(options.numbers));
  }

  /** Puts the stored bytes into `memory`, or into new memory where they do not fit. Throws a Fault for what may not be read. */
  make(job: SegmentJob, memory: ArrayBuffer): MadeSegment {
    this.#raw.clear();
    if (job.kind === "group") {
      const { tree, numbers } = this.#options;
      const group = makeGroup(tree, job, numbers.smallFileBytesMax, this.#raw);
      return { ...this.#stored(this.#raw.bytes, memory), group };
    }
    if (job.kind === "chunk") return this.#chunk(job, memory);
    const { buffer, byteOffset, byteLength } = job.bytes;
    return this.#stored(Buffer.from(buffer, byteOffset, byteLength), memory);
  }

  #chunk(job: ChunkJob, memory: ArrayBuffer): MadeSegment {
    const { fd, sizeBytes, paddingBytes, offsetBytes } = job;
    const raw = this.#raw.room(sizeBytes + paddingBytes) as Buffer;
    try {
      raw.fill(0, readInto(fd, raw, offsetBytes, sizeBytes));
    } catch (error) {
      throw readFault(error, this.#options.tree, job.latin1Path);
    }
    const made = this.#stored(raw, memory);
    const isStoredAsItIs = this.#options.compression.codec === "none" && paddingBytes === 0;
    const dataSha256 = isStoredAsItIs ? made.storedSha256 : sha256Of(raw.subarray(0, sizeBytes));
    return { ...made, dataSha256 };
  }

  #stored(raw: Buffer, memory: ArrayBuffer): MadeSegment {
    const { compression } = this.#options;
    const room = encodeRoomBytes(compression.codec, raw.length);
    const target = Buffer.from(memory.byteLength >= room ? memory : new ArrayBuffer(room));
    const storedBytes = encodeSegment(compression, raw, target, this.#raw.borders);
    const storedSha256 = sha256Of(target.subarray(0, storedBytes));
    return { memory: target.buffer, rawBytes: raw.length, storedBytes, storedSha256 };
  }
}

/** In memory of its own: a Buffer would drag the whole pool that it is cut from to another thread. */
function sha256Of(bytes: Buffer): Uint8Array {
  return Uint8Array.from(hash("sha256", bytes, "buffer"));
}
