// Writes captured entries as a tar stream: headers, data, padding, and the end mark.
import type { ArchiveEntry } from "./archive-entry.ts";
import { changeBetween } from "./capture-file.ts";
import { closeCapture, type Capture, type OpenFile } from "./capture.ts";
import { fileSystemFault } from "./file-system-fault.ts";
import { HardLinks } from "./hard-links.ts";
import { WarningList, type PackWarningKind, type PackWarnings } from "./pack-warnings.ts";
import { printablePath } from "./printable-path.ts";
import type { RawBlocks } from "./raw-blocks.ts";
import { encodeTarHeader, tarBlockBytes, tarEndBytes } from "./tar-header.ts";

/** What an archive holds. Every name of a hard-linked file counts as a file. */
export type EntryCounts = { entries: number; files: number; directories: number };

export class TarWriter {
  readonly #blocks: RawBlocks;
  readonly #counts: EntryCounts = { entries: 0, files: 0, directories: 0 };
  readonly #links = new HardLinks();
  readonly #warnings = new WarningList();

  constructor(blocks: RawBlocks) {
    this.#blocks = blocks;
  }

  get counts(): EntryCounts {
    return { ...this.#counts };
  }

  get warnings(): PackWarnings {
    return this.#warnings.summary();
  }

  /** Writes one entry, or notes why there is none. Closes the handle that the capture holds, also when it fails. */
  async write(capture: Capture): Promise<void> {
    try {
      await this.#writeCapture(capture);
    } finally {
      await closeCapture(capture);
    }
  }

  /** Marks the end of the archive. */
  async end(): Promise<void> {
    await this.#blocks.appendZeros(tarEndBytes);
  }

  async #writeCapture(capture: Capture): Promise<void> {
    if (capture.kind === "left-out") {
      this.#warn(capture.path, capture.reason, capture.detail);
      return;
    }
    this.#counts.entries += 1;
    const { path, attributes } = capture;
    if (capture.kind === "directory") {
      this.#counts.directories += 1;
      await this.#writeHeader({ ...attributes, path, kind: "directory" });
      return;
    }
    if (capture.kind === "file") this.#counts.files += 1;
    const first = capture.inode && this.#links.firstPath(capture.inode, path);
    if (first !== undefined) {
      await this.#writeHeader({ ...attributes, path, kind: "hardlink", target: first });
    } else if (capture.kind === "symlink") {
      await this.#writeHeader({ ...attributes, path, kind: "symlink", target: capture.target });
    } else {
      const { sizeBytes, data } = capture;
      await this.#writeHeader({ ...attributes, path, kind: "file", sizeBytes });
      const changed =
        data.kind === "whole" ? data.changed : await this.#writeOpenFile(data, sizeBytes);
      if (data.kind === "whole") await this.#blocks.append(data.bytes);
      if (changed !== undefined) this.#warn(path, "changed", changed);
      await this.#blocks.appendZeros(paddingBytes(sizeBytes));
    }
  }

  async #writeHeader(entry: ArchiveEntry): Promise<void> {
    await this.#blocks.append(encodeTarHeader(entry));
  }

  /**
   * Writes exactly as many bytes as the header announced, whatever happens to the file: what was added is left for the next
   * backup, what was cut off reads as zeros. Returns how the file changed while it was read, if it did.
   */
  async #writeOpenFile(file: OpenFile, sizeBytes: number): Promise<string | undefined> {
    for (let position = 0; position < sizeBytes;) {
      const target = this.#blocks.free.subarray(0, sizeBytes - position);
      const { bytesRead } = await readingOf(file, file.handle.read(target, { position }));
      if (bytesRead === 0) {
        await this.#blocks.appendZeros(sizeBytes - position);
        break;
      }
      position += bytesRead;
      await this.#blocks.advance(bytesRead);
    }
    return changeBetween(file.stats, await readingOf(file, file.handle.stat({ bigint: true })));
  }

  #warn(path: Buffer, kind: PackWarningKind, detail: string): void {
    this.#warnings.add({ path: printablePath(path), kind, detail });
  }
}

async function readingOf<T>({ shownPath }: OpenFile, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    throw fileSystemFault(error, "read", shownPath);
  }
}

function paddingBytes(sizeBytes: number): number {
  return (tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes;
}
