// What of an archive is damaged or lost, as lines for people and as JSON.
import type { LostEntry } from "@manman/archive/extract/extract-report.ts";
import type { DamagedSegment } from "@manman/archive/extract/verify-archive.ts";
import { encodeRawText } from "@manman/archive/manifest/raw-text.ts";
import { nameText } from "./archive-entry-lines.ts";
import { oneLine } from "./table.ts";

/** A damaged segment of the archive itself, or of its base. */
export type FoundDamage = DamagedSegment & { readonly of: "archive" | "base" };

/** Paths that are kept of one segment; there may be more. */
const pathsKept = 20;

/** `lost game/a: segment 5: its stored bytes have another SHA-256`, or `damaged: …` where nobody knows what was in it. */
export function lostLine({ path, where, why }: LostEntry): string {
  const reason = oneLine(withName(where, why));
  return path === null ? `damaged: ${reason}` : `lost ${nameText(path)}: ${reason}`;
}

export function lostJson({ path, where, why }: LostEntry): object {
  return { path: path === null ? null : encodeRawText(path), where, why };
}

/** The segment with what is wrong, and below it the files that it costs. */
export function damageLines({ of, segment, why, paths }: FoundDamage): string[] {
  const name = `segment ${segment}${of === "base" ? " of the base" : ""}`;
  const more = paths.length === pathsKept ? ["  and maybe more"] : [];
  return [oneLine(withName(name, why)), ...paths.map((path) => `  ${nameText(path)}`), ...more];
}

export function damageJson({ of, segment, why, paths }: FoundDamage): object {
  return { of, segment, why, paths: paths.map(encodeRawText) };
}

/** Some reasons say by themselves where they were met. */
function withName(name: string, why: string): string {
  return why.includes(name) ? why : `${name}: ${why}`;
}
