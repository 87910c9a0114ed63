// Surveys of a real bucket against a real database, over the API: what is found, what is shown of it, and that nothing is touched.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { status } from "@grpc/grpc-js";
import type { GetBucketSurveyResponse } from "@manman/contract/generated/manman/v1/bucket_survey_pb.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../harness/until.ts";
import {
  claimed,
  createdBackup,
  deployedGame,
  hostWithGame,
  madeBackup,
  sentPart,
  untilStatus,
  type PlayedHost,
} from "./played-host.ts";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;
let host: PlayedHost;

beforeAll(async () => {
  // Everything counts at once: what protects backups under way is then their records alone.
  scene = await controlPlaneScene({
    survey: { everyMs: null, graceMs: -60_000, pageEveryMs: 0, turnHoldMs: 5_000 },
    limits: { lateUploadMs: 0 },
  });
  host = await hostWithGame(scene);
});

afterAll(async () => {
  await scene.close();
});

async function anotherGame(): Promise<PlayedHost> {
  return { ...host, sgcId: await deployedGame(scene, host.serverId) };
}

async function surveyed(): Promise<GetBucketSurveyResponse> {
  const { survey } = await scene.api.runBucketSurvey({});
  const surveyId = survey?.surveyId ?? 0n;
  return await until(
    async () => {
      const answer = await scene.api.getBucketSurvey({ pageSize: 100 });
      return answer.finished?.surveyId === surveyId ? answer : undefined;
    },
    { what: `survey ${surveyId} is finished`, deadlineMs: 20_000 },
  );
}

async function put(Key: string, Body: string): Promise<void> {
  await scene.bucket.client.send(new PutObjectCommand({ Bucket: scene.bucket.name, Key, Body }));
}

/** An upload that somebody else has opened, with one part. */
async function foreignUpload(Key: string, Body: string) {
  const { client, name: Bucket } = scene.bucket;
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }));
  return { Bucket, Key, UploadId };
}

/** The bytes of an object, and what the store says of it. */
async function stateOf(Key: string): Promise<unknown> {
  const command = new GetObjectCommand({ Bucket: scene.bucket.name, Key });
  const { Body, ETag, LastModified } = await scene.bucket.client.send(command);
  return { bytes: await Body?.transformToString(), ETag, LastModified };
}

test("before the first survey there is nothing to show", async () => {
  expect(await scene.api.getBucketSurvey({})).toMatchObject({
    findings: [],
    nextPageToken: "",
  });
  expect((await scene.api.getBucketSurvey({})).finished).toBeUndefined();
});

test("objects and uploads of no record, and archives that are gone, are found; those of backups in every state are not", async () => {
  await madeBackup(scene, host);
  const lost = await madeBackup(scene, await anotherGame());
  const lostKey = (await scene.records.backups.get(lost))?.objectKey ?? "";
  const running = await anotherGame();
  const runningId = await createdBackup(scene, running);
  await sentPart(scene, await claimed(scene, running, runningId), new Uint8Array(10));
  const deleted = await madeBackup(scene, await anotherGame());
  const deletedKey = (await scene.records.backups.get(deleted))?.objectKey ?? "";
  await scene.api.deleteBackup({ backupId: deleted });
  await untilStatus(scene, deleted, "deleted");

  const { client, name: Bucket } = scene.bucket;
  await client.send(new DeleteObjectCommand({ Bucket, Key: lostKey }));
  await put("backups/notes of somebody.txt", "notes");
  await put(deletedKey, "came back");
  await put("not-ours/x", "is not looked at");
  const upload = await foreignUpload("backups/999998/1.tar.gz", "part");

  const { finished, underWay, findings } = await surveyed();
  const shown = findings.map(({ kind, objectKey, uploadId, sizeBytes, backupId }) => ({
    kind,
    objectKey,
    uploadId,
    sizeBytes,
    backupId,
  }));
  const expected = [
    { kind: "missing_object", objectKey: lostKey, sizeBytes: 1_000n, backupId: lost },
    { kind: "unknown_object", objectKey: deletedKey, sizeBytes: 9n, backupId: deleted },
    {
      kind: "unknown_object",
      objectKey: "backups/notes of somebody.txt",
      sizeBytes: 5n,
      backupId: 0n,
    },
    { kind: "unknown_upload", objectKey: upload.Key, sizeBytes: 0n, backupId: 0n },
  ].map((one) => ({ ...one, uploadId: one.kind === "unknown_upload" ? upload.UploadId : "" }));
  expect(new Set(shown)).toEqual(new Set(expected));
  expect(findings).toHaveLength(4);
  for (const { at } of findings) expect(Math.abs(Number(at) - Date.now() / 1_000)).toBeLessThan(60);
  expect(underWay).toBeUndefined();
  expect(finished).toMatchObject({
    objects: 3n,
    uploads: 2n,
    unknownObjects: 2n,
    unknownUploads: 1n,
    missingObjects: 1n,
  });
  await scene.api.cancelBackup({ backupId: runningId });
  await client.send(new AbortMultipartUploadCommand(upload));
  for (const Key of [deletedKey, "backups/notes of somebody.txt"]) {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
});

test("objects and uploads that nobody knows are byte for byte the same after surveys, deletions and the sweep of leftovers", async () => {
  const own = await anotherGame();
  const backupId = await madeBackup(scene, own);
  const cancelled = await createdBackup(scene, own);
  const claim = await claimed(scene, own, cancelled);
  await sentPart(scene, claim, new Uint8Array(10));

  const { client, name: Bucket } = scene.bucket;
  const neighbours = [`${claim.objectKey}.old`, `${claim.objectKey}/x`, "backups/1/999.tar.gz"];
  for (const key of neighbours) await put(key, `bytes of ${key}`);
  const upload = await foreignUpload(`${claim.objectKey}.part`, "part of somebody");
  const objectsBefore = await Promise.all(neighbours.map(stateOf));
  const { Parts: partsBefore } = await client.send(new ListPartsCommand(upload));

  await surveyed();
  await scene.api.cancelBackup({ backupId: cancelled });
  await until(async () => (await scene.store.listUploads(claim.objectKey)).length === 0, {
    what: "the leftover is swept",
  });
  await scene.api.deleteBackup({ backupId });
  await untilStatus(scene, backupId, "deleted");
  const { findings } = await surveyed();
  expect(findings.filter(({ kind }) => kind !== "missing_object")).toHaveLength(4);

  expect(await Promise.all(neighbours.map(stateOf))).toEqual(objectsBefore);
  const { Parts: partsAfter } = await client.send(new ListPartsCommand(upload));
  expect(partsAfter).toEqual(partsBefore);
  const Parts = partsAfter?.map(({ PartNumber, ETag }) => ({ PartNumber, ETag }));
  await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
  expect(await stateOf(upload.Key)).toMatchObject({ bytes: "part of somebody" });
  for (const Key of [...neighbours, upload.Key]) {
    await client.send(new DeleteObjectCommand({ Bucket, Key }));
  }
});

test("findings come in pages, and a token of an earlier survey is refused", async () => {
  const keys = [1, 2, 3, 4, 5].map((n) => `backups/page-${n}`);
  for (const key of keys) await put(key, "x");
  const all = (await surveyed()).findings;
  const read: string[] = [];
  let pageToken = "";
  do {
    const page = await scene.api.getBucketSurvey({ pageSize: 2, pageToken });
    expect(page.findings.length).toBeLessThanOrEqual(2);
    read.push(...page.findings.map(({ objectKey }) => objectKey));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(read).toEqual(all.map(({ objectKey }) => objectKey));
  expect(read).toEqual(expect.arrayContaining(keys));

  const { nextPageToken } = await scene.api.getBucketSurvey({ pageSize: 2 });
  await surveyed();
  expect(
    await refused(scene.api.getBucketSurvey({ pageSize: 2, pageToken: nextPageToken })),
  ).toMatchObject({ code: status.INVALID_ARGUMENT });
});

test("two control planes make one survey between them, also when the database was away in the middle", async () => {
  await scene.another();
  const before = await surveyed();
  const { survey } = await scene.api.runBucketSurvey({});
  await scene.proxies.database.cut();
  await scene.proxies.database.heal();
  const after = await until(
    async () => {
      const answer = await scene.api.getBucketSurvey({ pageSize: 100 });
      return (answer.finished?.surveyId ?? 0n) >= (survey?.surveyId ?? 0n) ? answer : undefined;
    },
    { what: "the survey is finished", deadlineMs: 60_000 },
  );
  expect(counts(after)).toEqual(counts(before));
});

function counts({ finished }: GetBucketSurveyResponse): unknown[] {
  return [finished?.objects, finished?.unknownObjects, finished?.missingObjects];
}
