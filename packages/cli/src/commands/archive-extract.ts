// `manman archive extract`: makes files of an archive again, all of them or some, by its manifest or without.
import { Fault } from "@manman/archive/archive-fault.ts";
import { extractArchive } from "@manman/archive/extract/extract-archive.ts";
import { extractBareArchive } from "@manman/archive/extract/extract-bare.ts";
import type { ExtractOptions } from "@manman/archive/extract/extract-options.ts";
import type { ExtractSummary, LostEntry } from "@manman/archive/extract/extract-report.ts";
import { placeText } from "../archives/archive-place.ts";
import { openExtractTarget, type ExtractTarget } from "../archives/extract-target.ts";
import {
  ArchiveOpener,
  type BaseOptions,
  type ManifestOptions,
  type OpenArchive,
} from "../archives/open-archive.ts";
import { CommandFailure } from "../failure.ts";
import type { OfflineCommand } from "../open-offline.ts";
import { lostJson, lostLine } from "../output/archive-loss-lines.ts";
import { bytesText } from "../output/quantities.ts";
import { readProgress } from "../output/read-progress.ts";

export type ArchiveExtractOptions = ManifestOptions &
  BaseOptions & {
    readonly into: string;
    readonly keepGoing?: true;
    /** Commander's name for --no-owners. */
    readonly owners: boolean;
    readonly refuseOutwardLinks?: true;
    readonly ignoreSpace?: true;
  };

/** Links and directories of a bare archive take some 300 bytes of memory each. */
const bareEntriesMax = 5_000_000;
const lostShownMax = 100;

export async function extractFromArchive(
  command: OfflineCommand,
  file: string,
  paths: readonly string[],
  options: ArchiveExtractOptions,
): Promise<void> {
  const opener = new ArchiveOpener(command);
  try {
    const opened = await opener.archive(file, options);
    const sources = await opener.sources(opened, options);
    const target = await openExtractTarget(options.into);
    const losses = new Losses(command);
    const extractOptions: ExtractOptions = {
      targetFd: target.fd,
      ...(paths.length > 0 && { paths }),
      outwardLinks: options.refuseOutwardLinks === true ? "refuse" : "keep",
      damage: options.keepGoing === true ? "keep-going" : "stop",
      signal: command.signal,
      ...(!options.owners && { owners: false }),
      onLost: (lost) => losses.add(lost),
    };
    const isWhole = paths.length === 0 && sources?.base === undefined;
    const total = sources === undefined || isWhole ? opened.archive.sizeBytes : undefined;
    const progress = readProgress(process.stderr, "extracting", total);
    opener.onRead = () => progress.show(opener.readBytes);
    losses.onLine = progress.end;
    let summary: ExtractSummary;
    try {
      requireRoom(opened, paths, target, options);
      if (sources === undefined) {
        const limits = { bytesMax: bytesMaxOf(target, options), entriesMax: bareEntriesMax };
        summary = await extractBareArchive(opened.archive, { ...extractOptions, limits });
      } else {
        summary = await extractArchive(sources, extractOptions);
      }
    } catch (error) {
      progress.end();
      throw failureOf(error, opened, options, await target.close(), command.signal);
    }
    progress.end();
    await target.close();
    report(command, summary, paths, opened, options);
  } finally {
    await opener.close();
  }
}

/** An extraction that cannot fit should say so before it has filled the disk. */
function requireRoom(
  { manifest }: OpenArchive,
  paths: readonly string[],
  { freeBytes }: ExtractTarget,
  { into, ignoreSpace }: ArchiveExtractOptions,
): void {
  const needed = manifest?.totals.fileBytes ?? 0;
  if (ignoreSpace === true || paths.length > 0 || needed <= freeBytes) return;
  throw new CommandFailure(
    "failed",
    `no room: the files come to ${bytesText(needed)}, and ${into} has ${bytesText(freeBytes)} free (--ignore-space tries all the same: runs of zeros take none)`,
  );
}

function bytesMaxOf({ freeBytes }: ExtractTarget, { ignoreSpace }: ArchiveExtractOptions): number {
  return ignoreSpace === true ? Number.MAX_SAFE_INTEGER : freeBytes;
}

/** What ended the extraction, with what to do about it, and what it leaves. */
function failureOf(
  error: unknown,
  { place, manifest }: OpenArchive,
  { into, keepGoing }: ArchiveExtractOptions,
  leaves: boolean,
  signal: AbortSignal,
): unknown {
  const left = leaves ? `; ${into} holds what was extracted until then` : "";
  if (signal.aborted) return new CommandFailure("interrupted", `stopped${left}`);
  if (!(error instanceof Fault)) return error;
  const isOfTarget = error.kind === "exhausted" || error.kind === "rejected";
  const where = isOfTarget ? into : placeText(place);
  const canGoOn =
    error.kind === "corrupt" && keepGoing !== true && (leaves || manifest !== undefined);
  const advice = canGoOn ? " (--keep-going recovers whatever is not damaged" : "";
  const without =
    canGoOn && manifest !== undefined ? ", --no-manifest reads the archive alone" : "";
  const hint = advice === "" ? "" : `${advice}${without})`;
  const said = error.message.includes(where) ? error.message : `${where}: ${error.message}`;
  return new Fault(error.kind, `${said}${left}${hint}`);
}

function report(
  command: OfflineCommand,
  summary: ExtractSummary,
  paths: readonly string[],
  { place }: OpenArchive,
  { into }: ArchiveExtractOptions,
): void {
  const { files, directories, symlinks, hardlinks, bytes, warnings, lost } = summary;
  const shown = placeText(place);
  // The root's own directory is made in any case.
  const isNothing = files + symlinks + hardlinks + lost.count === 0 && directories <= 1;
  if (paths.length > 0 && isNothing) {
    throw new CommandFailure(
      "notFound",
      `nothing in ${shown} matches ${paths.join(" ")}; manman archive list shows its paths`,
    );
  }
  if (command.json) {
    const lostFirst = lost.first.map(lostJson);
    const counts = { files, directories, symlinks, hardlinks, bytes };
    command.print(
      JSON.stringify({ ...counts, warnings, lost: { count: lost.count, first: lostFirst } }),
    );
  } else {
    for (const warning of warnings) command.note(`warning: ${warning}`);
    const links = symlinks + hardlinks;
    const counts = [
      `${files} files (${bytesText(bytes)})`,
      `${links} links`,
      `${directories} directories`,
    ];
    command.print(`extracted ${counts.join(", ")} into ${into}`);
  }
  if (lost.count > 0) {
    throw new CommandFailure(
      "damaged",
      `${shown} is damaged: ${lost.count} losses, all else was recovered`,
    );
  }
}

/** Tells losses as they come, unless they are too many. */
class Losses {
  onLine: () => void = () => undefined;
  readonly #command: OfflineCommand;
  #count = 0;

  constructor(command: OfflineCommand) {
    this.#command = command;
  }

  add(lost: LostEntry): void {
    this.#count += 1;
    if (this.#command.json || this.#count > lostShownMax + 1) return;
    this.onLine();
    this.#command.note(this.#count > lostShownMax ? "and more" : lostLine(lost));
  }
}
