// Makes a tree of what an archive holds, by its manifest. The order is what keeps hostile archives inside the target: files first, while
// there is no symlink anywhere; then symlinks, then hard links, and the directories' attributes last.
import { availableParallelism } from "node:os";
import { requireBaseOf } from "../manifest/check-manifest.ts";
import { corrupt } from "../manifest/manifest-reading.ts";
import { printablePath } from "../printable-path.ts";
import type { ManifestEntry } from "../manifest/manifest-records.ts";
import { requireEmptyTarget } from "./empty-target.ts";
import { openTimeSetter, type TimeSetter } from "./exact-times.ts";
import type { ManifestExtractOptions } from "./extract-options.ts";
import { ExtractReport, type ExtractSummary } from "./extract-report.ts";
import { FileExtraction } from "./file-extraction.ts";
import { PathSelection } from "./path-selection.ts";
import type { ArchiveSources } from "./segment-fetch.ts";
import { TreeFinisher, type LinkEntry } from "./tree-finisher.ts";
import { WorkerPool } from "./worker-pool.ts";

const workersMax = 8;

/**
 * Extracts into an empty directory. Memory is bounded whatever the archive's size: a few segments for each worker, and a block of the
 * manifest. Fails with a Fault (`corrupt` naming segment or path, `exhausted` when the disk is full) or with the signal's reason; then
 * nothing is under way any more, and what was made so far is the caller's to remove.
 */
export async function extractArchive(
  sources: ArchiveSources,
  options: ManifestExtractOptions,
): Promise<ExtractSummary> {
  options.signal.throwIfAborted();
  const { manifest } = sources.own;
  if (sources.base !== undefined) requireBaseOf(manifest, sources.base.manifest);
  if (options.isSegmentDone === undefined) await requireEmptyTarget(options.targetFd);
  const owners = options.owners ?? process.geteuid?.() === 0;
  const report = new ExtractReport(options.onLost);
  const times = await openTimeSetter(options.targetFd);
  try {
    await extractWith(sources, { ...options, owners }, times, report);
    return report.summary({ owners, exactTimes: times !== undefined });
  } finally {
    await times?.close();
  }
}

type Resolved = ManifestExtractOptions & { readonly owners: boolean };

async function extractWith(
  sources: ArchiveSources,
  options: Resolved,
  times: TimeSetter | undefined,
  report: ExtractReport,
): Promise<void> {
  const { targetFd, owners, outwardLinks } = options;
  const replace = options.isSegmentDone !== undefined;
  const workers = options.workers ?? Math.min(availableParallelism(), workersMax);
  const setting = { targetFd, owners, replace, times: times === undefined };
  const pool = new WorkerPool(workers, setting);
  const files = new FileExtraction({ sources, options, setting, pool, workers, times, report });
  const finisher = new TreeFinisher(targetFd, { outwardLinks, owners, replace }, times, report);
  try {
    const selection = new PathSelection(options.paths);
    const linkBlocks = await extractFiles(sources, options, selection, files);
    await makeLinks(sources, options, { selection, files, finisher, report }, linkBlocks);
    await finishDirectories(sources, options, selection, finisher);
  } finally {
    await files.close();
    await pool.close();
    finisher.close();
  }
}

/** Makes all files that were asked for. Returns the numbers of the blocks in which there are links. */
async function extractFiles(
  { own }: ArchiveSources,
  { signal }: Resolved,
  selection: PathSelection,
  files: FileExtraction,
): Promise<number[]> {
  const linkBlocks: number[] = [];
  for await (const { number, entries } of own.manifest.entryBlocks({
    kind: "ascending",
    wanted: selection.ranges,
  })) {
    let hasLinks = false;
    for (const entry of entries) {
      signal.throwIfAborted();
      if (entry.kind === "directory" || !selection.has(entry.path)) continue;
      if (entry.kind === "file") await files.add(entry);
      else hasLinks = true;
    }
    if (hasLinks) linkBlocks.push(number);
  }
  await files.finish();
  return linkBlocks;
}

type LinkMakers = {
  readonly selection: PathSelection;
  readonly files: FileExtraction;
  readonly finisher: TreeFinisher;
  readonly report: ExtractReport;
};

async function makeLinks(
  { own }: ArchiveSources,
  options: Resolved,
  { selection, files, finisher, report }: LinkMakers,
  blocks: readonly number[],
): Promise<void> {
  const copies = new Map<string, Buffer>();
  for (const kind of ["symlink", "hardlink"] as const) {
    for (const number of blocks) {
      options.signal.throwIfAborted();
      const entries = await own.manifest.entriesOfBlock(number);
      const links = entries.filter(
        (entry): entry is ManifestEntry & LinkEntry & { kind: typeof kind } =>
          entry.kind === kind && selection.has(entry.path),
      );
      if (kind === "symlink") await finisher.makeSymlinks(links);
      else for (const link of links) await makeHardLink(link);
    }
  }
  await files.finish();

  async function makeHardLink(link: LinkEntry): Promise<void> {
    if (!selection.has(link.target)) return await makeCopy(link);
    linkOrLose(link);
  }

  function linkOrLose(link: LinkEntry): void {
    if (finisher.makeHardLink(link)) return;
    const why = `its data was to be in ${printablePath(link.target)}, which is not there`;
    if (options.damage === "stop") throw corrupt(`extract ${printablePath(link.path)}:`, why);
    report.addLost({ path: link.path, where: "hard link", why });
  }

  /** The first name of data that was not asked for under the name that carries it takes the data; others lead to that one. */
  async function makeCopy(link: LinkEntry): Promise<void> {
    const first = copies.get(link.target.toString("latin1"));
    if (first !== undefined) {
      await files.finish();
      linkOrLose({ ...link, target: first });
      return;
    }
    copies.set(link.target.toString("latin1"), link.path);
    const target = await own.manifest.find(link.target);
    if (target?.kind === "file") await files.addCopy({ ...target, path: link.path });
    else if (target?.kind === "symlink")
      await finisher.makeSymlinks([{ ...target, path: link.path }]);
    else
      throw corrupt(`extract ${printablePath(link.path)}:`, "it is a hard link to what is no file");
  }
}

/** Directories that were asked for, and those on the way to them. The root, which stands first, is the last to be done. */
async function finishDirectories(
  { own }: ArchiveSources,
  { signal }: Resolved,
  selection: PathSelection,
  finisher: TreeFinisher,
): Promise<void> {
  const make = ({ path }: { path: Buffer }): boolean => selection.has(path.subarray(0, -1));
  const { manifest } = own;
  for await (const { entries } of manifest.entryBlocks()) {
    signal.throwIfAborted();
    if (entries.at(-1)?.kind !== "directory" || entries[0]?.path.equals(manifest.rootPath))
      continue;
    await finisher.finishDirectories(entries, make);
  }
  const root = await manifest.find(manifest.rootPath);
  if (root !== undefined) await finisher.finishDirectories([root], () => true);
}
