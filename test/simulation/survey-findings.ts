// Watches what surveys of the bucket report: whatever goes wrong, only what a stranger has put there is unknown, and nothing is missing.
import type { MemoryTables } from "@manman/adapters/in-memory/memory-tables.ts";
import type { SurveyLimits } from "@manman/core/bucket-survey.ts";
import { limits } from "./plan.ts";
import type { ObjectStore } from "./store.ts";

/** Often enough for several in one run. What is young may still be under way, and an upload come up late. */
export const surveyLimits: SurveyLimits = {
  everyMs: 30_000,
  startDelayMs: 5_000,
  graceMs: limits.lateUploadMs + 20_000,
  pageEveryMs: 100,
  turnHoldMs: 15_000,
};

/** To be called after each commit; `broken` is told of a finding that is none. The store holds nothing but a stranger's as yet. */
export function surveyFindings(
  { surveys }: MemoryTables,
  store: ObjectStore,
  broken: (why: string) => void,
): () => void {
  const foreign = new Set([
    ...[...store.objects.keys()].map((key) => `unknown_object ${key} `),
    ...[...store.uploads.values()].map(
      ({ objectKey, uploadId }) => `unknown_upload ${objectKey} ${uploadId}`,
    ),
  ]);
  let seenUpTo = 0n;
  return () => {
    for (const { findings } of surveys.values()) {
      const last = findings.at(-1)?.findingId ?? 0n;
      if (last <= seenUpTo) continue;
      for (const { findingId, kind, objectKey, uploadId } of findings) {
        const name = `${kind} ${objectKey} ${uploadId ?? ""}`;
        if (findingId > seenUpTo && !foreign.has(name)) broken(name);
      }
      seenUpTo = last;
    }
  };
}
