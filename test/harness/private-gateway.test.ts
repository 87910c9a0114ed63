import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect, onTestFinished, test } from "vitest";
import { freshBucket } from "./fresh-bucket.ts";
import { privateGateway } from "./private-gateway.ts";

test("what was stored is there after a kill, a stop and a freeze, at the same address", async () => {
  const gateway = await privateGateway();
  onTestFinished(gateway.remove);
  const { client, name } = await freshBucket(gateway.variables);
  onTestFinished(() => client.destroy());
  const put = async (Key: string): Promise<void> => {
    await client.send(new PutObjectCommand({ Bucket: name, Key, Body: Key }));
  };
  await put("one");
  await gateway.kill();
  await expect(fetch(gateway.url)).rejects.toThrow("fetch failed");
  await gateway.start();
  await put("two");
  await gateway.stop();
  await expect(fetch(gateway.url)).rejects.toThrow("fetch failed");
  await gateway.start();
  await gateway.freeze();
  const answer = put("three");
  await gateway.thaw();
  await answer;

  for (const Key of ["one", "two", "three"]) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key }));
    expect(await Body?.transformToString()).toBe(Key);
  }
});
