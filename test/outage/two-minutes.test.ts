// An outage of a server under fifty backups: each ends completed in its first attempt, and no process of ours is another one than before.
// OUTAGE_SECONDS is the outage's length; `npm run test:outage` takes two minutes.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { storedBytes } from "../harness/fleet-objects.ts";
import { askedBackup, backupOf } from "../harness/fleet-records.ts";
import { openFleet } from "../harness/fleet.ts";
import { nothingIsLeftOpen } from "../harness/interrupted-backup.ts";
import { privatePostgres } from "../harness/private-postgres.ts";
import { privateRabbitMq } from "../harness/private-rabbitmq.ts";
import {
  fiftyBackups,
  letThrough,
  packersOf,
  residentBytes,
  untilAllAre,
  untilSent,
  type FiftyBackups,
} from "./fifty-backups.ts";

/** By default two leases, and longer than any single wait for an answer. */
const outageMs = Number(process.env["OUTAGE_SECONDS"] ?? "20") * 1_000;
/** What everything else may take on a machine that does much besides. */
const testMs = 600_000 + outageMs;

/** Fifty backups on servers of their own; PostgreSQL really writes to its disk. */
async function scene() {
  const [postgres, rabbitMq] = await Promise.all([privatePostgres(), privateRabbitMq()]);
  for (const { remove } of [postgres, rabbitMq]) onTestFinished(remove);
  const fleet = await openFleet({ databaseUrl: postgres.url, brokerUrl: rabbitMq.url });
  const fifty = await fiftyBackups(fleet);
  // Those whose uploads go on in the outage of another server, and those that are held beyond its end.
  return { postgres, rabbitMq, fifty, early: fifty.hosts.slice(0, 3), late: fifty.hosts.slice(3) };
}

test(
  "a restart of RabbitMQ that takes its time costs none of fifty backups its attempt",
  async ({ annotate }) => {
    const { rabbitMq, fifty, early, late } = await scene();
    const { fleet, backupIds, spare } = fifty;
    await rabbitMq.stop();
    const over = sleep(outageMs);
    await letThrough(early);
    await untilSent(early);
    const asked = await askedBackup(fleet, { serverGameConfigId: spare.sgcId });
    expect(await backupOf(fleet, asked)).toMatchObject({ status: "pending" });
    await over;
    await untilAllAre(fleet, backupIds, "running");
    await rabbitMq.start();
    const back = performance.now();
    await letThrough(late);
    await untilAllAre(fleet, [...backupIds, asked], "completed");
    await annotate(`all completed ${secondsSince(back)} s after RabbitMQ's return`);
    await allIsWell(fifty, [...backupIds, asked]);
  },
  testMs,
);

test(
  "a restart of PostgreSQL that takes its time costs none of fifty backups its attempt",
  async ({ annotate }) => {
    const { postgres, fifty, early, late } = await scene();
    const { fleet, backupIds, spare } = fifty;
    await postgres.stop();
    const over = sleep(outageMs);
    await letThrough(early);
    await untilSent(early);
    await expect(askedBackup(fleet, { serverGameConfigId: spare.sgcId })).rejects.toThrow(
      "UNAVAILABLE",
    );
    await over;
    await postgres.start();
    const back = performance.now();
    await letThrough(late);
    await untilAllAre(fleet, backupIds, "completed");
    await annotate(`all completed ${secondsSince(back)} s after PostgreSQL's return`);
    await allIsWell(fifty, backupIds);
  },
  testMs,
);

test(
  "an outage of the object store costs none of fifty backups its attempt",
  async ({ annotate }) => {
    const { fifty, early } = await scene();
    const { fleet, backupIds, spare, hosts, s3 } = fifty;
    // The other hosts hear nothing any more, instead of a no: their connections stay, and nothing comes through.
    await Promise.all([s3, ...early.map((host) => host.s3)].map(async (way) => await way.cut()));
    const [half, over] = [sleep(outageMs / 2), sleep(outageMs)];
    const asked = await askedBackup(fleet, { serverGameConfigId: spare.sgcId });
    await half;
    const bytesHalfway = packersBytes(fifty);
    await over;
    const bytesAtEnd = packersBytes(fifty);
    await untilAllAre(fleet, backupIds, "running");
    await untilAllAre(fleet, [asked], "pending");
    const backAtHosts = performance.now();
    await letThrough(hosts);
    // For the control plane the store stays away until there is all the work for it at once.
    await untilAllAre(fleet, backupIds, "verifying");
    await annotate(`all sent ${secondsSince(backAtHosts)} s after the store's return to the hosts`);
    const back = performance.now();
    await s3.heal();
    await untilAllAre(fleet, [...backupIds, asked], "completed");
    await annotate(
      `all completed ${secondsSince(back)} s after the store's return to the control plane`,
    );
    await annotate(
      `packers: ${mebibytes(bytesHalfway)} MiB halfway, ${mebibytes(bytesAtEnd)} MiB at the end`,
    );
    expect(bytesAtEnd).toBeLessThan(bytesHalfway * 1.15);
    await allIsWell(fifty, [...backupIds, asked]);
  },
  testMs,
);

/** What must hold of these backups, which are all that there are. */
async function allIsWell(fifty: FiftyBackups, backupIds: readonly bigint[]): Promise<void> {
  const { fleet, controlPlane, hosts } = fifty;
  const histories = await fleet.query<{ history: string; count: number }>(
    `select history, count(*)::int from (
       select string_agg(attempt || ' ' || to_status, ', ' order by sequence) as history
       from backup_event group by backup_id) as one group by history`,
  );
  expect(histories).toEqual([
    { history: "1 pending, 1 running, 1 verifying, 1 completed", count: backupIds.length },
  ]);
  for (const backupId of backupIds) {
    const { sizeBytes, serverGameConfigId } = await backupOf(fleet, backupId);
    expect(sizeBytes).toBeGreaterThan(1_000_000n);
    const key = `backups/${serverGameConfigId}/${backupId}.tar.gz`;
    expect(await storedBytes(fleet, key)).toBe(sizeBytes);
  }
  for (const { hasEnded } of [controlPlane, ...hosts.map(({ program }) => program)]) {
    expect(hasEnded()).toBe(false);
  }
  expect(packersOf(hosts)).toHaveLength(backupIds.length);
  await nothingIsLeftOpen(fleet);
  for (const { running } of hosts) await running.goesOn();
}

function packersBytes({ hosts }: FiftyBackups): number {
  return packersOf(hosts).reduce((sum, pid) => sum + residentBytes(pid), 0);
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1_000).toFixed(1);
}
