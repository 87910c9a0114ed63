import {
  CreateMultipartUploadCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { connect } from "amqplib";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { freshBroker } from "./fresh-broker.ts";
import { freshBucket } from "./fresh-bucket.ts";
import { freshDatabase } from "./fresh-database.ts";

test("two databases do not see one another's tables, and are gone after remove, clients or not", async () => {
  const [one, other] = [await freshDatabase(), await freshDatabase()];
  onTestFinished(other.remove);
  const [inOne, inOther] = [
    new Client({ connectionString: one.url }),
    new Client({ connectionString: other.url }),
  ];
  await inOne.connect();
  await inOther.connect();
  onTestFinished(async () => await inOther.end());
  await inOne.query("CREATE TABLE only_here ()");
  await expect(inOther.query("TABLE only_here")).rejects.toMatchObject({ code: "42P01" });

  inOne.on("error", () => {});
  await one.remove();
  const late = new Client({ connectionString: one.url });
  await expect(late.connect()).rejects.toMatchObject({ code: "3D000" });
});

test("two brokers do not see one another's queues, and are gone after remove", async () => {
  const [one, other] = [await freshBroker(), await freshBroker()];
  onTestFinished(other.remove);
  const [inOne, inOther] = [await connect(one.url), await connect(other.url)];
  onTestFinished(async () => await inOther.close());
  await (
    await inOne.createChannel()
  ).assertQueue("only-here", { arguments: { "x-queue-type": "quorum" } });
  const channel = await inOther.createChannel();
  channel.on("error", () => {});
  await expect(channel.checkQueue("only-here")).rejects.toMatchObject({ code: 404 });

  await inOne.close();
  await one.remove();
  await expect(connect(one.url)).rejects.toThrow("ConnectionClose");
});

test("a bucket goes with its versions and unfinished uploads", async () => {
  const bucket = await freshBucket();
  const Bucket = bucket.name;
  await bucket.client.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
  );
  for (const Body of ["first", "second"]) {
    await bucket.client.send(new PutObjectCommand({ Bucket, Key: "backups/42/5.tar.gz", Body }));
  }
  await bucket.client.send(new CreateMultipartUploadCommand({ Bucket, Key: "unfinished" }));
  const observer = await freshBucket();
  onTestFinished(observer.remove);
  await bucket.remove();
  const { Buckets = [] } = await observer.client.send(new ListBucketsCommand({}));
  const names = Buckets.map(({ Name }) => Name);
  expect([names.includes(Bucket), names.includes(observer.name)]).toEqual([false, true]);
});
