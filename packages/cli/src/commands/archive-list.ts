// `manman archive list`: what an archive holds, by its manifest, or by reading all of it where there is none.
import { readBareEntries } from "@manman/archive/extract/bare-entries.ts";
import { PathRanges } from "@manman/archive/manifest/path-ranges.ts";
import { inPlace } from "../archives/in-place.ts";
import {
  ArchiveOpener,
  type BareArchivePlace,
  type ManifestOptions,
} from "../archives/open-archive.ts";
import { placeText } from "../archives/archive-place.ts";
import { CommandFailure } from "../failure.ts";
import type { OfflineCommand } from "../open-offline.ts";
import { entryJson, longLine, nameText, type ListedEntry } from "../output/archive-entry-lines.ts";
import { lostLine } from "../output/archive-loss-lines.ts";
import { LineStream } from "../output/line-stream.ts";
import { bytesText } from "../output/quantities.ts";

export type ListOptions = ManifestOptions & {
  readonly prefix?: string;
  readonly long?: true;
};

export async function listArchive(
  command: OfflineCommand,
  file: string,
  options: ListOptions,
): Promise<void> {
  const opener = new ArchiveOpener(command);
  const listing = new Listing(command, options);
  try {
    const manifest = await opener.description(file, options);
    if (manifest === undefined) {
      const opened = await opener.bare(file);
      opener.noteBare(opened.place, options);
      await listBare(command, opened, listing);
      return;
    }
    const { prefix } = options;
    const wanted = prefix === undefined ? undefined : new PathRanges([Buffer.from(prefix)]);
    await inPlace(`manifest of ${file}`, async () => {
      for await (const entry of manifest.entries(wanted)) {
        command.signal.throwIfAborted();
        await listing.add(entry);
      }
    });
    await listing.end();
  } finally {
    await opener.close();
  }
}

async function listBare(
  command: OfflineCommand,
  { place, archive }: BareArchivePlace,
  listing: Listing,
): Promise<void> {
  let lost = 0;
  const shown = placeText(place);
  await inPlace(shown, async () => {
    await readBareEntries(archive, {
      signal: command.signal,
      onEntries: async (entries) => {
        for (const entry of entries) await listing.add(entry);
      },
      onLost: (entry) => {
        lost += 1;
        if (lost <= lostShownMax) command.note(lostLine(entry));
      },
    });
  });
  await listing.end();
  if (lost > 0) throw new CommandFailure("damaged", `${shown} is damaged, or was not copied whole`);
}

const lostShownMax = 100;

class Listing {
  readonly #lines: LineStream;
  readonly #command: OfflineCommand;
  readonly #prefix: Buffer;
  readonly #line: (entry: ListedEntry) => string;
  #entries = 0;
  #bytes = 0;

  constructor(command: OfflineCommand, { prefix = "", long }: ListOptions) {
    this.#lines = new LineStream(process.stdout, command.signal);
    this.#command = command;
    this.#prefix = Buffer.from(prefix);
    this.#line = command.json ? entryJson : long === true ? longLine : ({ path }) => nameText(path);
  }

  async add(entry: ListedEntry): Promise<void> {
    if (!entry.path.subarray(0, this.#prefix.length).equals(this.#prefix)) return;
    this.#entries += 1;
    this.#bytes += entry.sizeBytes ?? 0;
    await this.#lines.print(this.#line(entry));
  }

  async end(): Promise<void> {
    await this.#lines.flush();
    if (this.#entries === 0 && this.#prefix.length > 0) {
      throw new CommandFailure("notFound", `no path begins with ${nameText(this.#prefix)}`);
    }
    if (!this.#command.json) {
      this.#command.note(`${this.#entries} entries, ${bytesText(this.#bytes)} in files`);
    }
  }
}
