// The packer as the host manager has it: a process for each archive.
import type { StoreLocation } from "@manman/host-manager/packer/pack-job.ts";
import type { PackOutcome, PackProgress } from "@manman/host-manager/packer/pack-messages.ts";
import { packerProcess } from "@manman/host-manager/packer/packer-process.ts";
import { until } from "../harness/until.ts";
import { recordedLog } from "./recorded-log.ts";

const mib = 1024 * 1024;

/** Under this key every archive goes. */
export const packedObjectKey = "backups/42/5.tar.gz";

/** One that sends to that store. */
export function packerOn(store: StoreLocation, stallMs = 30_000) {
  const recorded = recordedLog();
  const packer = packerProcess({
    store,
    partSizeBytes: 8 * mib,
    compressionLevel: 6,
    workers: 2,
    readBytesPerSecondMax: null,
    compileCacheDir: null,
    stallMs,
  });
  return {
    log: recorded.lines,
    pack: async (
      rootPath: string,
      uploadId: string,
      onProgress: (progress: PackProgress) => void = () => undefined,
      signal: AbortSignal = new AbortController().signal,
    ): Promise<PackOutcome> =>
      await packer.pack(
        { rootPath, rootName: "game", objectKey: packedObjectKey, uploadId },
        { signal, onProgress, log: recorded.log },
      ),
    pid: async (): Promise<number> =>
      await until(
        () => recorded.lines.find((line) => "packer_pid" in line)?.["packer_pid"] as number,
        { what: "the packer starts" },
      ),
  };
}

/** What it made, where it made something. */
export function packed(outcome: PackOutcome): Extract<PackOutcome, { kind: "packed" }> {
  if (outcome.kind !== "packed") throw new Error(outcome.failure.message);
  return outcome;
}
