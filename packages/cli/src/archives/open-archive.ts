// Opens an archive with what belongs to it: the manifest beside it, where there is one, and the base that it refers to. Whatever is wrong
// is said with the name of the file that it is wrong with, and with what to do about it.
import { Fault } from "@manman/archive/archive-fault.ts";
import type { ArchiveSources } from "@manman/archive/extract/segment-fetch.ts";
import { requireBaseOf } from "@manman/archive/manifest/check-manifest.ts";
import type { Manifest } from "@manman/archive/manifest/manifest-reader.ts";
import { openManifest } from "@manman/archive/manifest/open-manifest.ts";
import { countedRanges, openFileRanges, type ReadRanges } from "@manman/archive/read-ranges.ts";
import { CommandFailure } from "../failure.ts";
import type { ObjectRanges, OfflineCommand } from "../open-offline.ts";
import { bytesText } from "../output/quantities.ts";
import {
  baseBeside,
  isManifestPlace,
  manifestBeside,
  placeOf,
  placeText,
  type ArchivePlace,
} from "./archive-place.ts";
import { inPlace } from "./in-place.ts";

export type ManifestOptions = {
  /** Where the manifest is; false to do without, undefined for the one beside the archive. */
  readonly manifest?: string | false;
};

export type BaseOptions = { readonly base?: string; readonly baseManifest?: string };

/** An archive alone. */
export type BareArchivePlace = { readonly place: ArchivePlace; readonly archive: ReadRanges };

export type OpenArchive = BareArchivePlace & {
  /** Undefined where there is none. */
  readonly manifest: Manifest | undefined;
};

/** Opens things for one command, and closes them all at its end. */
export class ArchiveOpener {
  /** Bytes of archives that were read so far, manifests not counted. */
  readBytes = 0;
  /** Called when more was read. */
  onRead: () => void = () => undefined;
  readonly #command: OfflineCommand;
  readonly #open: ObjectRanges[] = [];

  constructor(command: OfflineCommand) {
    this.#command = command;
  }

  /** Opens an archive, and its manifest where there is one. Fails with a CommandFailure or a Fault that names the place. */
  async archive(text: string, options: ManifestOptions): Promise<OpenArchive> {
    const place = placeOf(text);
    if (isManifestPlace(place)) {
      throw new CommandFailure("usage", `${text} is a manifest; name the archive beside it`);
    }
    const archive = await this.#archiveRanges(place);
    const manifest = await this.#manifestOf(place, options);
    if (manifest === undefined) this.noteBare(place, options);
    else this.#noteSize(place, archive, manifest);
    return { place, archive, manifest };
  }

  /** Opens what describes a backup: the manifest that was named, or that of the archive that was named. */
  async description(text: string, options: ManifestOptions): Promise<Manifest | undefined> {
    const place = placeOf(text);
    if (isManifestPlace(place)) return await this.#manifestAt(place);
    return await this.#manifestOf(place, options);
  }

  /** Says that there is no manifest, unless that is what was asked for. */
  noteBare(place: ArchivePlace, { manifest }: ManifestOptions): void {
    if (manifest === false) return;
    this.#command.note(
      `there is no ${placeText(manifestBeside(place))}: reading the archive itself`,
    );
  }

  /** The archive with its base, where its manifest names one; undefined for an archive without a manifest. */
  async sources(
    { place, archive, manifest }: OpenArchive,
    options: BaseOptions,
  ): Promise<ArchiveSources | undefined> {
    if (manifest === undefined) return undefined;
    const own = { manifest, archive };
    const named = manifest.header.base;
    if (named === null) {
      if (options.base === undefined) return { own, base: undefined };
      throw new CommandFailure("usage", `--base: ${placeText(place)} refers to no other archive`);
    }
    const basePlace =
      options.base === undefined ? baseBeside(place, named.key) : placeOf(options.base);
    const shown = placeText(basePlace);
    const baseArchive = await this.#archiveRanges(basePlace).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      const why = `${placeText(place)} is incremental: what did not change since backup ${named.backupId} lies in ${named.key}`;
      throw new CommandFailure("notFound", `${why}, and there is no ${shown}; name it with --base`);
    });
    const manifestOptions =
      options.baseManifest === undefined ? {} : { manifest: options.baseManifest };
    const baseManifest = await this.#manifestOf(basePlace, manifestOptions);
    if (baseManifest === undefined) {
      const looked = placeText(manifestBeside(basePlace));
      throw new CommandFailure(
        "notFound",
        `there is no ${looked}, without which the base cannot be used; make it with: manman archive rebuild-manifest ${shown} --output FILE, and name it with --base-manifest`,
      );
    }
    await inPlace(shown, async () => {
      requireBaseOf(manifest, baseManifest);
    });
    return { own, base: { manifest: baseManifest, archive: baseArchive } };
  }

  /** Opens an archive alone. */
  async bare(text: string): Promise<BareArchivePlace> {
    const place = placeOf(text);
    return { place, archive: await this.#archiveRanges(place) };
  }

  async close(): Promise<void> {
    for (const ranges of this.#open.splice(0)) await ranges.close();
  }

  async #archiveRanges(place: ArchivePlace): Promise<ReadRanges> {
    const ranges = await this.#ranges(place);
    if (ranges.sizeBytes === 0) {
      throw new CommandFailure("damaged", `${placeText(place)} is empty`);
    }
    return countedRanges(ranges, (bytes) => {
      this.readBytes += bytes;
      this.onRead();
    });
  }

  async #manifestOf(
    place: ArchivePlace,
    { manifest }: ManifestOptions,
  ): Promise<Manifest | undefined> {
    if (manifest === false) return undefined;
    if (manifest !== undefined) return await this.#manifestAt(placeOf(manifest));
    try {
      return await this.#manifestAt(manifestBeside(place));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #manifestAt(place: ArchivePlace): Promise<Manifest> {
    const ranges = await this.#ranges(place);
    const shown = placeText(place);
    try {
      return await inPlace(shown, async () => await openManifest(ranges));
    } catch (error) {
      if (!(error instanceof Fault) || error.kind !== "corrupt") throw error;
      const advice = "--no-manifest does without it, manman archive rebuild-manifest makes another";
      throw new Fault("corrupt", `${error.message} (${advice})`);
    }
  }

  async #ranges(place: ArchivePlace): Promise<ReadRanges> {
    const { openObject, signal } = this.#command;
    const ranges =
      place.kind === "file"
        ? await openFileRanges(place.path)
        : await openObject(place.bucket, place.key, signal);
    this.#open.push(ranges);
    return ranges;
  }

  #noteSize(place: ArchivePlace, archive: ReadRanges, { totals }: Manifest): void {
    const [found, expected] = [archive.sizeBytes, totals.storedBytes];
    if (found === expected) return;
    const why = found < expected ? "it was not copied whole" : "something was appended to it";
    this.#command.note(
      `${placeText(place)} has ${found} bytes (${bytesText(found)}), and its manifest says ${expected} (${bytesText(expected)}): ${why}, or the manifest is another archive's`,
    );
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Fault && error.kind === "missing";
}
