// Shows that a packer's memory does not grow with what it packs: its peak for 600 MB and for 6 GB, onto the S3 gateway.
//   node bench/packer-memory.ts [--small-bytes N] [--large-bytes N]
// Prints both peaks, and exits with 1 when they differ by more than 50 MB. Needs as much free disk as the larger world.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { CreateBucketCommand, DeleteBucketCommand } from "@aws-sdk/client-s3";
import { defaultS3Limits, openS3Client } from "@manman/adapters/s3/s3-client.ts";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { packerProcess } from "@manman/host-manager/packer/packer-process.ts";
import pino from "pino";
import { ensureServers } from "../scripts/services/ensure-servers.ts";
import { s3ConfigOf } from "../test/s3/s3-config.ts";
import { makeMixedWorld } from "../test/worlds/mixed-world.ts";

const { values } = parseArgs({
  options: {
    "small-bytes": { type: "string", default: "600000000" },
    "large-bytes": { type: "string", default: "6000000000" },
  },
});
const bytesPerFile = 100_000;
const differenceMbMax = 50;
const objectKey = "backups/42/5.tar.gz";

const { environment, end } = await ensureServers(process.env, false);
const bucket = `bench-${randomBytes(4).toString("hex")}`;
const store = s3ConfigOf({ environment: { ...environment, S3_BUCKET: bucket } });
try {
  process.exitCode = await compare(Number(values["small-bytes"]), Number(values["large-bytes"]));
} finally {
  await end();
}

async function compare(smallBytes: number, largeBytes: number): Promise<number> {
  const client = openS3Client(store, defaultS3Limits);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const small = await peakMbFor(smallBytes);
  const large = await peakMbFor(largeBytes);
  await client.send(new DeleteBucketCommand({ Bucket: bucket }));
  client.destroy();
  const difference = Math.abs(large - small);
  console.log(`difference: ${difference.toFixed(1)} MB (at most ${differenceMbMax})`);
  return difference > differenceMbMax ? 1 : 0;
}

/** Packs a world of about so many bytes and gives the packer's peak resident memory in MB (10^6 bytes). */
async function peakMbFor(bytes: number): Promise<number> {
  const scratch = await mkdtemp(join(tmpdir(), "packer-memory-"));
  const control = openS3Store(store, Math.random);
  try {
    const world = join(scratch, "game");
    makeMixedWorld(world, { seed: 1, files: Math.round(bytes / bytesPerFile), bytes });
    const uploadId = await control.openUpload(objectKey);
    const started = performance.now();
    const { peakMb, partCount, sentMb } = await packAndWatch(world, uploadId);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    await control.abortUpload(objectKey, uploadId);
    console.log(
      `${(bytes / 1e6).toFixed(0)} MB: peak ${peakMb.toFixed(1)} MB; ` +
        `${sentMb.toFixed(0)} MB sent in ${partCount} parts in ${seconds} s`,
    );
    return peakMb;
  } finally {
    control.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function packAndWatch(rootPath: string, uploadId: string) {
  const packer = packerProcess({
    store: { kind: "s3", ...store },
    partSizeBytes: 8 * 1024 * 1024,
    compressionLevel: 6,
    workers: null,
    readBytesPerSecondMax: null,
    compileCacheDir: join(dirname(rootPath), "compile-cache"),
    stallMs: 600_000,
  });
  let pid = 0;
  const write = (line: string): void => {
    pid = (JSON.parse(line) as { packer_pid?: number }).packer_pid ?? pid;
  };
  const log = pino({ level: "debug" }, { write });
  const packing = packer.pack(
    { rootPath, rootName: "game", objectKey, uploadId },
    { signal: new AbortController().signal, onProgress: () => undefined, log },
  );
  let peakMb = 0;
  const looking = setInterval(() => {
    peakMb = peakMbOf(pid) ?? peakMb;
  }, 50);
  const outcome = await packing.finally(() => clearInterval(looking));
  if (outcome.kind === "failed") throw new Error(outcome.failure.message);
  const { parts, sizeBytes } = outcome.archive;
  return { peakMb, partCount: parts.length, sentMb: sizeBytes / 1e6 };
}

/** The high-water mark of a process' resident memory; undefined once it is gone. */
function peakMbOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kib === undefined ? undefined : (Number(kib) * 1024) / 1e6;
  } catch {
    return undefined;
  }
}
