// What the host manager tells a packer, as one line of JSON on its standard input. Credentials travel here because a command line is
// readable by everybody on the machine.
import { z } from "zod";

const s3Store = z.object({
  kind: z.literal("s3"),
  bucket: z.string(),
  region: z.string(),
  /** Null: Amazon's own of that region. */
  endpoint: z.string().nullable(),
  /** Null: what the AWS SDK finds by itself. */
  credentials: z.object({ accessKey: z.string(), secretKey: z.string() }).nullable(),
  forcePathStyle: z.boolean(),
});

const folderStore = z.object({
  kind: z.literal("folder"),
  /** Absolute path of the folder that is the bucket. */
  root: z.string(),
});

const packJob = z.object({
  /** Absolute path of the directory to pack. */
  rootPath: z.string(),
  /** What it is called in the archive. */
  rootName: z.string(),
  objectKey: z.string(),
  uploadId: z.string(),
  /** Size of the first parts; `partSizeBytes` of part-size.ts says how they grow. */
  partSizeBytes: z.int().positive(),
  compressionLevel: z.int(),
  /** Threads that compress; null: one a core, at most 8. */
  workers: z.int().positive().nullable(),
  /** Bytes of files that are read in a second on average; null: as fast as it goes. */
  readBytesPerSecondMax: z.number().positive().nullable(),
  store: z.discriminatedUnion("kind", [s3Store, folderStore]),
});

/** Where a packer sends its parts. */
export type StoreLocation = z.infer<typeof packJob>["store"];
/** One archive to be packed and sent. */
export type PackJob = z.infer<typeof packJob>;

/** Throws where the line is no job: the host manager and its packer are of one version, so that is a bug. */
export function parsePackJob(line: string): PackJob {
  return packJob.parse(JSON.parse(line));
}

export function encodePackJob(job: PackJob): string {
  return `${JSON.stringify(job)}\n`;
}
