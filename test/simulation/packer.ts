// A packer of the simulation: a process of its own that makes up an archive and sends it in parts over virtual time. It dies with its host
// manager, a little later.
import type { PackOutcome } from "@manman/host-manager/packer/pack-messages.ts";
import type { ArchiveOrder, Packer } from "@manman/host-manager/packer/packer-process.ts";
import { Fault, wordsOf } from "@manman/core/fault.ts";
import type { StoredPart } from "@manman/core/backup/backup.ts";
import type { PartSender } from "@manman/core/ports.ts";
import { repeatWhileAway } from "@manman/core/repeat-while-away.ts";
import { SimProcess } from "./process.ts";
import { digestOf } from "./store.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** What the reference model hears of. */
export type PackerWatch = {
  readonly onBegin: (run: PackRun) => void;
  readonly onPacked: (run: PackRun, sha256: string, parts: readonly StoredPart[]) => void;
  readonly onFailed: (run: PackRun) => void;
  readonly onEnd: (run: PackRun) => void;
};

export type PackRun = {
  readonly runId: number;
  readonly order: ArchiveOrder;
  readonly hostName: string;
  readonly hostManager: SimProcess;
  readonly process: SimProcess;
};

let runs = 0;

export function resetRuns(): void {
  runs = 0;
}

/** How long a host manager lets its packers stand still; operators set it as they like. */
const stallsMs = [10_000, 60_000, 1_800_000] as const;
const storeBackoff = { firstMs: 250, mostMs: 20_000 };

export function simPacker(
  hostManager: SimProcess,
  around: {
    readonly time: VirtualTime;
    readonly senderFor: (process: SimProcess) => PartSender;
    readonly watch: PackerWatch;
    /** How likely packing goes wrong by itself. */
    readonly failing: number;
    readonly partMsMax: number;
    readonly alive: Set<PackRun>;
  },
): Packer {
  const { time, senderFor, watch, alive } = around;
  return {
    pack: async (order, { signal, onProgress }) => {
      signal.throwIfAborted();
      runs += 1;
      const name = `${hostManager.name}/packer-${runs}`;
      const process = new SimProcess(name, time, hostManager.chance.stream(name), { offsetMs: 0 });
      const run = { runId: runs, order, hostName: hostManager.name, hostManager, process };
      alive.add(run);
      watch.onBegin(run);
      return await new Promise<PackOutcome>((resolve, reject) => {
        const ended = (): void => {
          alive.delete(run);
          watch.onEnd(run);
        };
        process.onDeath(() => {
          ended();
          watch.onFailed(run);
          signal.removeEventListener("abort", onAbort);
          time.after(1, () =>
            hostManager.enter(() => {
              if (signal.aborted) reject(signal.reason as Error);
              else resolve(crashed);
            }),
          );
        });
        hostManager.onDeath(() => {
          time.after(hostManager.chance.between(0, 3_000), () => process.kill());
        });
        const onAbort = (): void => {
          time.after(process.chance.between(1, 1_000), () => process.kill());
        };
        signal.addEventListener("abort", onAbort);
        const follow = {
          signal,
          onSent: (sentBytes: number) =>
            hostManager.enter(() =>
              onProgress({ rawBytesDone: sentBytes, rawBytesTotal: 0, filesDone: 1, sentBytes }),
            ),
        };
        void packAndSend(run, senderFor(process), { ...around, ...follow }).then((outcome) => {
          time.after(1, () =>
            hostManager.enter(() => {
              if (process.isDead) return;
              ended();
              if (outcome.kind === "failed") watch.onFailed(run);
              signal.removeEventListener("abort", onAbort);
              if (signal.aborted) reject(signal.reason as Error);
              else resolve(outcome);
            }),
          );
        });
      });
    },
  };
}

const crashed: PackOutcome = {
  kind: "failed",
  failure: { code: "packer_crashed", message: "the packer was ended by SIGKILL" },
  retryable: true,
};

async function packAndSend(
  run: PackRun,
  sender: PartSender,
  {
    failing,
    partMsMax,
    onSent,
    watch,
  }: {
    readonly failing: number;
    readonly partMsMax: number;
    readonly onSent: (sentBytes: number) => void;
    readonly watch: PackerWatch;
  },
): Promise<PackOutcome> {
  const { process, order } = run;
  const { chance, clock } = process;
  const beganMs = clock.elapsedMs();
  const count = chance.whole(1, 4);
  const pieces: Uint8Array[] = [];
  const parts: StoredPart[] = [];
  let sizeBytes = 0;
  try {
    for (let number = 1; number <= count; number += 1) {
      await clock.sleep(chance.spread(50, partMsMax));
      if (chance.happens(failing)) return failure(chance.pick(sourceFailures));
      const text = `${order.uploadId} run ${run.runId} part ${number} ${"x".repeat(chance.whole(0, 9))}`;
      const bytes = new TextEncoder().encode(text);
      const etag = await send(sender, run, { number, offsetBytes: sizeBytes, bytes });
      pieces.push(bytes);
      parts.push({ number, etag, sizeBytes: bytes.byteLength });
      sizeBytes += bytes.byteLength;
      onSent(sizeBytes);
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return failure({ code: "store_failed", retryable: true }, wordsOf(error));
  }
  const archiveSha256 = digestOf(Buffer.concat(pieces));
  watch.onPacked(run, archiveSha256, parts);
  const durationMs = Math.round(clock.elapsedMs() - beganMs);
  const figures = { rawBytes: sizeBytes, files: 1, warningCount: 0, warnings: [], durationMs };
  return { kind: "packed", archive: { parts, sizeBytes, archiveSha256, ...figures } };
}

async function send(
  sender: PartSender,
  { process, hostManager, order }: PackRun,
  part: { readonly number: number; readonly offsetBytes: number; readonly bytes: Uint8Array },
): Promise<string> {
  const { objectKey, uploadId } = order;
  const { chance, clock } = process;
  const stalled = new AbortController();
  const { signal } = stalled;
  const stallMs = hostManager.chance.stream("stall").pick(stallsMs);
  const stillUntilMs = clock.elapsedMs() + stallMs;
  const random = chance.number;
  return await repeatWhileAway(
    async () => await sender.sendPart({ objectKey, uploadId, ...part, signal }),
    { clock, random, backoff: storeBackoff, signal },
    (fault) => {
      if (clock.elapsedMs() >= stillUntilMs) stalled.abort(fault);
    },
  );
}

const sourceFailures = [
  { code: "source_missing", retryable: false },
  { code: "source_unreadable", retryable: false },
  { code: "source_unreadable", retryable: true },
  { code: "packer_crashed", retryable: true },
] as const;

function failure(
  { code, retryable }: (typeof sourceFailures)[number] | { code: "store_failed"; retryable: true },
  message = "planned by the simulation",
): PackOutcome {
  return { kind: "failed", failure: { code, message }, retryable };
}
