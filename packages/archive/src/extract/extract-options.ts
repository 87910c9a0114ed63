// What an extraction is asked to do.
import type { Extent } from "../manifest/manifest-records.ts";
import type { LostEntry } from "./extract-report.ts";

export type ExtractOptions = {
  /**
   * The directory to extract into, opened by the caller, who closes it: it is never reached by a path again. It must be empty, and
   * nobody else's to write. What stands in it after a failure is the caller's to remove.
   */
  readonly targetFd: number;
  /** Archive paths or patterns, as `PathSelection` reads them; undefined for everything. */
  readonly paths?: readonly (string | Buffer)[];
  /**
   * Whether symlinks that may lead out of the tree are made as they were, or refused as `corrupt`. Nothing is written through symlinks
   * either way; whoever opens the tree later may follow them.
   */
  readonly outwardLinks: "keep" | "refuse";
  /** Whether damage ends the extraction, or costs only the entries that it concerns. */
  readonly damage: "stop" | "keep-going";
  readonly signal: AbortSignal;
  /** Whether entries get their owners. Default: when the process is root. */
  readonly owners?: boolean;
  readonly onLost?: (lost: LostEntry) => void;
};

export type ManifestExtractOptions = ExtractOptions & {
  /** Worker threads; default one a core, at most 8. With 0 all work is done in the calling thread. */
  readonly workers?: number;
  /**
   * Goes on with an extraction whose process died: the target is what that one left, and segments for which this is true are not
   * fetched again. It holds across a crash of the process, not of the machine, because nothing is synced to disk here.
   */
  readonly isSegmentDone?: (source: Extent["source"], segment: number) => boolean;
  /** Everything of a segment is written. A large file's pieces too, though the file itself is not kept before its last one. */
  readonly onSegmentDone?: (source: Extent["source"], segment: number) => void;
};
