// A packer whose work is done when the test says so.
import type { PackOutcome, PackProgress } from "@manman/host-manager/packer/pack-messages.ts";
import type { ArchiveOrder, Packer } from "@manman/host-manager/packer/packer-process.ts";

type PackingDouble = {
  readonly order: ArchiveOrder;
  readonly progress: (progress: PackProgress) => void;
  readonly end: (outcome: PackOutcome) => void;
  readonly signal: AbortSignal;
};

export type PackerDouble = Packer & { readonly packings: PackingDouble[] };

export function packerDouble(): PackerDouble {
  const packings: PackingDouble[] = [];
  return {
    packings,
    pack: async (order, { signal, onProgress }) => {
      signal.throwIfAborted();
      return await new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
        packings.push({ order, progress: onProgress, end: resolve, signal });
      });
    },
  };
}

export const packed: PackOutcome = {
  kind: "packed",
  archive: {
    parts: [{ number: 1, etag: '"a"', sizeBytes: 3 }],
    sizeBytes: 3,
    rawBytes: 1_024,
    files: 1,
    archiveSha256: "0".repeat(64),
    warningCount: 0,
    warnings: [],
    durationMs: 5,
  },
};
