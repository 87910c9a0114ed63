// `manman archive` on a bucket and nothing else: objects are read in ranges, by the variables that all programs have.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packFixture } from "../archive/fixture-archive.ts";
import { directoryEntry, fileEntry } from "../archive/fixture-tree.ts";
import { scratchDir } from "../archive/scratch-dir.ts";
import { manman, type CommandResult } from "../harness/command-line.ts";
import { freshBucket, type FreshBucket } from "../harness/fresh-bucket.ts";
import { SeededRandom } from "../worlds/seeded-random.ts";

let bucket: FreshBucket;

beforeAll(async () => {
  bucket = await freshBucket();
  const random = new SeededRandom(4);
  const packed = await packFixture([
    directoryEntry("game/"),
    fileEntry("game/level.dat", "the level"),
    fileEntry("game/region.mca", random.bytes(20_000_000)),
  ]);
  for (const [name, Body] of [
    ["5.tar.gz", packed.archive],
    ["5.manifest.gz", packed.manifest],
    ["6.tar.gz", packed.archive],
  ] as const) {
    const Key = `backups/42/${name}`;
    await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key, Body }));
  }
});

afterAll(async () => {
  await bucket.remove();
});

/** `S3_BUCKET` is not needed: the bucket stands in the address. */
async function archive(...args: string[]): Promise<CommandResult> {
  const { S3_BUCKET: _, ...environment } = bucket.environment;
  return await manman(["archive", ...args], environment);
}

function url(name: string): string {
  return `s3://${bucket.name}/backups/42/${name}`;
}

test("an archive in a bucket is listed, verified and extracted", async () => {
  const dir = scratchDir();
  const listed = await archive("list", url("5.tar.gz"));
  expect(listed).toMatchObject({ exitCode: 0, stdout: "game/\ngame/level.dat\ngame/region.mca\n" });
  const verified = await archive("verify", url("5.tar.gz"), "--json");
  expect(JSON.parse(verified.stdout)).toMatchObject({ whole: true, files: 2 });
  const into = join(dir, "out");
  const extracted = await archive("extract", url("5.tar.gz"), "--into", into);
  expect(extracted.exitCode).toBe(0);
  expect(
    readFileSync(join(into, "game/region.mca")).equals(new SeededRandom(4).bytes(20_000_000)),
  ).toBe(true);
});

test("an archive in a bucket that has no manifest comes back as well, and one is made for it", async () => {
  const dir = scratchDir();
  const into = join(dir, "out");
  const extracted = await archive("extract", url("6.tar.gz"), "game/level.dat", "--into", into);
  expect(extracted.exitCode).toBe(0);
  expect(readFileSync(join(into, "game/level.dat"), "utf8")).toBe("the level");
  const output = join(dir, "6.manifest.gz");
  const rebuilt = await archive("rebuild-manifest", url("6.tar.gz"), "--output", output, "--json");
  expect(JSON.parse(rebuilt.stdout)).toMatchObject({ sgcId: "42", backupId: "6" });
  expect((await archive("verify", url("6.tar.gz"), "--manifest", output)).exitCode).toBe(0);
  const nowhere = await archive("rebuild-manifest", url("6.tar.gz"));
  expect(nowhere).toMatchObject({
    exitCode: 2,
    stderr: "manman: --output: say which file to write the manifest to\n",
  });
});

test("what is not in the bucket is not found, half a key is wrong usage, and a store that is away is unavailable", async () => {
  const missing = await archive("verify", url("7.tar.gz"));
  expect(missing).toMatchObject({
    exitCode: 3,
    stderr: `manman: there is no ${url("7.tar.gz")}\n`,
  });
  const half = await manman(["archive", "list", url("5.tar.gz")], { S3_ACCESS_KEY: "half" });
  expect(half).toMatchObject({
    exitCode: 2,
    stderr: "manman: S3_SECRET_KEY: must be set together with S3_ACCESS_KEY\n",
  });
  const environment = { ...bucket.environment, S3_ENDPOINT: "http://127.0.0.1:9" };
  const away = await manman(["archive", "list", url("5.tar.gz")], environment);
  expect(away.exitCode).toBe(5);
  expect(away.stderr).toContain(url("5.manifest.gz"));
});
