// Makes archives inside the host manager's own process: the packer's real work on real files, without a process for each, of which two
// cores could not start five a second.
import { packAndSend } from "@manman/host-manager/packer/pack-and-send.ts";
import type { StoreLocation } from "@manman/host-manager/packer/pack-job.ts";
import type { Packer } from "@manman/host-manager/packer/packer-process.ts";
import type { Clock, PartSender } from "@manman/core/ports.ts";

const mib = 1024 * 1024;

export function lightPacker(parts: {
  readonly sender: PartSender;
  readonly store: StoreLocation;
  readonly clock: Clock;
  readonly random: () => number;
  /** How long the next archive waits before it is packed. */
  readonly delayMs: () => number;
}): Packer {
  const { sender, store, clock, random, delayMs } = parts;
  return {
    pack: async (order, { signal, onProgress }) => {
      await clock.sleep(delayMs(), signal);
      signal.throwIfAborted();
      return await packAndSend({
        job: {
          ...order,
          partSizeBytes: 8 * mib,
          compressionLevel: 1,
          workers: 1,
          readBytesPerSecondMax: null,
          store,
        },
        sender,
        signal,
        onProgress,
        // What bounds the wait for the store is the attempt: the heartbeat's answer calls it off once its lease is over.
        onStore: () => undefined,
        clock,
        random,
      });
    },
  };
}
