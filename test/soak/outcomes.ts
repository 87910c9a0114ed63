// Collects what became of everything that a soak asked for: from the API, the bucket, the database's tables of waiting work and the broker.
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import {
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from "@aws-sdk/client-s3";
import { hostQueue, reportsQueue } from "@manman/contract/bus/topology.ts";
import type { Backup } from "@manman/contract/generated/manman/v1/backup_pb.ts";
import { highWaterKey, markerKey } from "@manman/core/bucket-ownership.ts";
import { connect } from "amqplib";
import type { FreshBucket } from "../harness/fresh-bucket.ts";
import type { Deployment } from "./deployment.ts";
import type { Outcomes, Recorded, StoredObject } from "./ledger.ts";
import type { SoakDatabase } from "./soak-database.ts";

/** Objects that are fetched at the same time. */
const fetchesAtOnce = 16;

export async function collectedOutcomes(
  deployment: Deployment,
  database: SoakDatabase,
): Promise<Outcomes> {
  const { direct, bucket, broker } = deployment;
  return {
    records: await allRecords(direct, bucket.name),
    objects: await allObjects(bucket),
    openUploads: await openUploads(bucket),
    ownKeys: [markerKey, highWaterKey],
    rowsWaiting: await database.rowsWaiting(),
    messagesWaiting: await messagesWaiting(broker.url, await database.serverIds()),
    deadLetters: await deadLetters(direct),
  };
}

async function allRecords(
  api: Deployment["direct"],
  bucketName: string,
): Promise<readonly Recorded[]> {
  const records: Recorded[] = [];
  let pageToken = "";
  do {
    const page = await api.listBackups({ pageSize: 100, includeDeleted: true, pageToken });
    records.push(...page.backups.map((backup) => recordOf(backup, bucketName)));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return records;
}

function recordOf(backup: Backup, bucketName: string): Recorded {
  const { backupId, serverGameConfigId: sgcId, requestId, status, attempt, errorCode } = backup;
  const { sizeBytes, archiveSha256, createdAt, finishedAt, s3Url } = backup;
  const prefix = `s3://${bucketName}/`;
  const objectKey = s3Url.startsWith(prefix) ? s3Url.slice(prefix.length) : s3Url;
  const named = { backupId, sgcId, requestId, status, attempt, errorCode };
  return { ...named, objectKey, sizeBytes, archiveSha256, createdAt, finishedAt };
}

async function allObjects(bucket: FreshBucket): Promise<readonly StoredObject[]> {
  const keys = await allKeys(bucket);
  const objects: StoredObject[] = [];
  const fetchers = Array.from({ length: fetchesAtOnce }, async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      objects.push(await fetched(bucket, key));
    }
  });
  await Promise.all(fetchers);
  return objects;
}

async function allKeys({ client, name }: FreshBucket): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: name, ContinuationToken: after }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key }) => Key ?? ""));
    after = page.NextContinuationToken;
  } while (after !== undefined);
  return keys;
}

async function fetched({ client, name }: FreshBucket, key: string): Promise<StoredObject> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }));
  const hash = createHash("sha256");
  let sizeBytes = 0n;
  for await (const chunk of Body as Readable) {
    hash.update(chunk as Buffer);
    sizeBytes += BigInt((chunk as Buffer).length);
  }
  return { key, sizeBytes, sha256: hash.digest("hex") };
}

/** The first thousand: one alone is a difference. */
async function openUploads({ client, name }: FreshBucket): Promise<readonly string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: name }));
  return Uploads.map(({ Key }) => Key ?? "");
}

async function messagesWaiting(
  brokerUrl: string,
  serverIds: readonly bigint[],
): Promise<Readonly<Record<string, number>>> {
  const connection = await connect(brokerUrl);
  try {
    const channel = await connection.createChannel();
    const queues = [reportsQueue.name, ...serverIds.map((serverId) => hostQueue(serverId).name)];
    const waiting: Record<string, number> = {};
    for (const queue of queues) waiting[queue] = (await channel.checkQueue(queue)).messageCount;
    return waiting;
  } finally {
    await connection.close();
  }
}

/** The first hundred: one alone is a difference. */
async function deadLetters(api: Deployment["direct"]): Promise<readonly string[]> {
  const { deadLetters: letters } = await api.listDeadLetters({ pageSize: 100 });
  return letters.map(({ routingKey, queue, reason }) => `${routingKey} out of ${queue}: ${reason}`);
}
