// What a packer tells the host manager: lines of JSON on its standard output, any number of progress and news of the store, and then
// one outcome.
import { failureCodes } from "@manman/core/backup/backup.ts";
import { z } from "zod";

/** With this code a packer ends whose host manager is gone. */
export const orphanedExitCode = 70;

const count = z.int().min(0);

const packProgress = z.object({
  kind: z.literal("progress"),
  rawBytesDone: count,
  /** 0 while unknown. */
  rawBytesTotal: count,
  filesDone: count,
  sentBytes: count,
});

const packOutcome = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("packed"),
    archive: z.object({
      parts: z.array(z.object({ number: count, etag: z.string(), sizeBytes: count })),
      sizeBytes: count,
      rawBytes: count,
      files: count,
      archiveSha256: z.string(),
      warningCount: count,
      warnings: z.array(z.string()),
      durationMs: count,
    }),
  }),
  z.object({
    kind: z.literal("failed"),
    failure: z.object({ code: z.enum(failureCodes), message: z.string() }),
    /** Whether another attempt may succeed. */
    retryable: z.boolean(),
  }),
]);

const storeNews = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("store-away"), why: z.string(), awayMs: count }),
  z.object({ kind: z.literal("store-back"), awayMs: count }),
]);

const packMessage = z.union([packProgress, storeNews, packOutcome]);

/** How far a packer is. */
export type PackProgress = Omit<z.infer<typeof packProgress>, "kind">;
/** How a packer ended. */
export type PackOutcome = z.infer<typeof packOutcome>;
export type PackMessage = z.infer<typeof packMessage>;

/** A line from a packer; undefined for one that is none of ours, such as a library's own print. */
export function parsePackMessage(line: string): PackMessage | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = packMessage.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

export function encodePackMessage(message: PackMessage): string {
  return `${JSON.stringify(message)}\n`;
}
