// Shows on a terminal how much of an archive has been read; elsewhere nothing, so that logs stay short.
import { progressLine } from "./progress-line.ts";
import { bytesText } from "./quantities.ts";

const redrawMs = 100;

export type ReadProgress = {
  /** Bytes read so far. */
  readonly show: (readBytes: number) => void;
  readonly end: () => void;
};

/** `doing`: what is done with it. `totalBytes`: how many will be read, undefined where nobody knows. */
export function readProgress(
  out: NodeJS.WriteStream,
  doing: string,
  totalBytes: number | undefined,
): ReadProgress {
  if (!out.isTTY) return { show: () => undefined, end: () => undefined };
  const line = progressLine(out);
  let shownAtMs = -redrawMs;
  return {
    show: (readBytes) => {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < redrawMs) return;
      shownAtMs = nowMs;
      line.show((columns) =>
        readText(doing, readBytes, totalBytes).slice(0, Math.max(20, columns - 1)),
      );
    },
    end: line.end,
  };
}

/** `extracting: 34% of 1.2 GB read`, or how much where the whole is not known. */
export function readText(doing: string, readBytes: number, totalBytes: number | undefined): string {
  if (totalBytes === undefined) return `${doing}: ${bytesText(readBytes)} read`;
  const share = Math.min(100, Math.floor((readBytes / totalBytes) * 100));
  return `${doing}: ${share}% of ${bytesText(totalBytes)} read`;
}
