// The packer: a process of its own that packs and sends one archive and then ends, so that it may be slowed down, bounded and killed
// without touching anything else. The job comes as the first line of standard input; when that input ends, the host manager
// is gone, and the packer ends at once: nobody is left to take its result.
import { createInterface } from "node:readline";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import type { PartSender } from "@manman/core/ports.ts";
import { packAndSend } from "./pack-and-send.ts";
import { parsePackJob, type StoreLocation } from "./pack-job.ts";
import { encodePackMessage, orphanedExitCode, type PackProgress } from "./pack-messages.ts";

const progressEveryMs = 500;

// A Ctrl-C reaches every process of a terminal; what it means for the packer is for the host manager to say.
process.on("SIGINT", () => undefined);

const lines = createInterface({ input: process.stdin });
lines.once("close", () => process.exit(orphanedExitCode));
lines.once("line", (line) => void work(line));

async function work(line: string): Promise<void> {
  const job = parsePackJob(line);
  const outcome = await packAndSend({
    job,
    sender: await partSender(job.store),
    signal: new AbortController().signal,
    onProgress: seldom((progress) => {
      process.stdout.write(encodePackMessage({ kind: "progress", ...progress }));
    }),
    onStore: (news) => process.stdout.write(encodePackMessage(news)),
    clock: systemClock,
    random: Math.random,
  });
  process.stdout.write(encodePackMessage(outcome), () => process.exit(0));
}

/** Only the store that is used is loaded: the S3 client alone takes a third of a second. */
async function partSender(store: StoreLocation): Promise<PartSender> {
  if (store.kind === "s3") {
    const { openS3Store } = await import("@manman/adapters/s3/s3-store.ts");
    return openS3Store(store, Math.random);
  }
  const { openFolderStore } = await import("@manman/adapters/filesystem/folder-store.ts");
  const { root } = store;
  return await openFolderStore({ root, nowMs: Date.now, newId: () => crypto.randomUUID() });
}

/** Lets a call through when the last one that went through is long enough ago. */
function seldom(say: (progress: PackProgress) => void): (progress: PackProgress) => void {
  let saidMs = -Infinity;
  return (progress) => {
    if (performance.now() - saidMs < progressEveryMs) return;
    saidMs = performance.now();
    say(progress);
  };
}
