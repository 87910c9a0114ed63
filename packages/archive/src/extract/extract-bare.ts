// Makes a tree of an archive whose manifest is lost, or that never had one. Its digests are lost with it: what remains are the checksums of
// gzip, zstd and tar.
import { Fault } from "@manman/core/fault.ts";
import { printablePath } from "../printable-path.ts";
import type { ReadRanges } from "../read-ranges.ts";
import { BareReading } from "./bare-reading.ts";
import { BareTree, type BareLimits } from "./bare-tree.ts";
import { requireEmptyTarget } from "./empty-target.ts";
import { openTimeSetter } from "./exact-times.ts";
import type { ExtractOptions } from "./extract-options.ts";
import { ExtractReport, type ExtractSummary, type LostEntry } from "./extract-report.ts";
import { PathSelection } from "./path-selection.ts";
import { TreeFinisher } from "./tree-finisher.ts";

export type BareExtractOptions = ExtractOptions & {
  /** Without totals to hold it to, nothing else ends a bomb. */
  readonly limits: BareLimits;
};

/**
 * Extracts a bare archive into an empty directory: ours with any codec, or any tar of GNU tar or bsdtar, plain or compressed with gzip or
 * zstd. Fails as `extractArchive` does. With `keep-going`, a damaged segment of ours costs what is in it; a stream ends where it is damaged.
 */
export async function extractBareArchive(
  ranges: ReadRanges,
  options: BareExtractOptions,
): Promise<ExtractSummary> {
  options.signal.throwIfAborted();
  const { targetFd, outwardLinks, limits } = options;
  await requireEmptyTarget(targetFd);
  const owners = options.owners ?? process.geteuid?.() === 0;
  const report = new ExtractReport(options.onLost);
  const times = await openTimeSetter(targetFd);
  const selection = new PathSelection(options.paths);
  const tree = new BareTree(targetFd, { owners, times, selection, limits }, report);
  const finisher = new TreeFinisher(
    targetFd,
    { outwardLinks, owners, replace: false },
    times,
    report,
  );
  try {
    const onLost = (lost: LostEntry): void => report.addLost(lost);
    await new BareReading(tree, { damage: options.damage, signal: options.signal, onLost }).read(
      ranges,
    );
    for (const { path, target } of await tree.finish(finisher)) {
      const why = `its data was to be in ${printablePath(target)}, which is not there`;
      if (options.damage === "stop")
        throw new Fault("corrupt", `extract ${printablePath(path)}: ${why}`);
      report.addLost({ path, where: "hard link", why });
    }
    return report.summary({ owners, exactTimes: times !== undefined });
  } finally {
    tree.close();
    finisher.close();
    await times?.close();
  }
}
