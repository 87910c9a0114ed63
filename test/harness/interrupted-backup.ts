// Brings a backup to a halt in the middle of its upload: the place where whatever dies then has done half of the work.
import type { RunningGame } from "./fleet-games.ts";
import { openUploads } from "./fleet-objects.ts";
import { askedBackup, untilBackup } from "./fleet-records.ts";
import type { Fleet } from "./fleet.ts";
import type { Variables } from "./program.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

const mib = 1024 * 1024;

/** A world whose upload has six parts. */
export const sixPartsBytes = 46 * mib;
/** No more than three parts are on their way at a time, so that at least one has arrived by then. */
const haltAfterBytes = 30 * mib;

/** A way to the gateway that a test can close, and the variables that make a program take it. */
export async function wayToStore(
  fleet: Fleet,
): Promise<{ readonly s3: TcpProxy; readonly variables: Variables }> {
  const endpoint = fleet.bucket.environment["S3_ENDPOINT"] ?? "";
  const s3 = await TcpProxy.to(endpoint);
  fleet.atEnd(async () => await s3.close());
  return { s3, variables: { S3_ENDPOINT: s3.through(endpoint) } };
}

/** The id of a backup of the session whose upload stands still with some parts stored and some on their way. */
export async function haltedBackup(
  fleet: Fleet,
  s3: TcpProxy,
  { sessionId }: RunningGame,
): Promise<bigint> {
  s3.stallAfter(haltAfterBytes);
  const backupId = await askedBackup(fleet, { sessionId });
  await until(() => s3.isStalled, { what: "the upload is halfway", deadlineMs: 60_000 });
  await untilBackup(fleet, backupId, "is running", ({ status }) => status === "running");
  return backupId;
}

/** Waits until the gateway has let go of every part that did not become an object. */
export async function nothingIsLeftOpen(fleet: Fleet): Promise<void> {
  await until(async () => (await openUploads(fleet)).length === 0, {
    what: "no upload is left open",
    deadlineMs: 30_000,
  });
}
