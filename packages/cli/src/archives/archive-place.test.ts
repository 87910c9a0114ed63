import { expect, test } from "vitest";
import { CommandFailure } from "../failure.ts";
import {
  baseBeside,
  idsOf,
  isManifestPlace,
  manifestBeside,
  placeOf,
  placeText,
} from "./archive-place.ts";

test.each([
  ["5.tar.gz", "5.manifest.gz"],
  ["copies/5.tar.zst", "copies/5.manifest.gz"],
  ["/mnt/5.tgz", "/mnt/5.manifest.gz"],
  ["5.tar", "5.manifest.gz"],
  ["renamed", "renamed.manifest.gz"],
  ["s3://worlds/backups/42/5.tar.gz", "s3://worlds/backups/42/5.manifest.gz"],
])("the manifest of %s is looked for at %s", (archive, manifest) => {
  expect(placeText(manifestBeside(placeOf(archive)))).toBe(manifest);
});

test("the base is looked for beside the archive, by the last part of its key", () => {
  const key = "backups/42/3.tar.gz";
  expect(placeText(baseBeside(placeOf("copies/5.tar.gz"), key))).toBe("copies/3.tar.gz");
  expect(placeText(baseBeside(placeOf("5.tar.gz"), key))).toBe("3.tar.gz");
  const inBucket = placeOf("s3://worlds/backups/42/5.tar.gz");
  expect(placeText(baseBeside(inBucket, key))).toBe("s3://worlds/backups/42/3.tar.gz");
});

test("a copy of a bucket still says whose backup an archive is", () => {
  expect(idsOf(placeOf("/mnt/backups/42/5.tar.gz"))).toEqual({ sgcId: 42n, backupId: 5n });
  expect(idsOf(placeOf("s3://worlds/backups/42/5.tar.zst"))).toEqual({ sgcId: 42n, backupId: 5n });
  expect(idsOf(placeOf("/mnt/mybackups/42/5.tar.gz"))).toBeUndefined();
  expect(idsOf(placeOf("5.tar.gz"))).toBeUndefined();
});

test("a manifest is known by its name", () => {
  expect(isManifestPlace(placeOf("s3://worlds/backups/42/5.manifest.gz"))).toBe(true);
  expect(isManifestPlace(placeOf("5.tar.gz"))).toBe(false);
});

test.each(["", "s3:bucket/key", "s3://bucket", "s3://bucket/", "s3://bucket/folder/", "s3:///key"])(
  "%j names no archive",
  (text) => {
    expect(() => placeOf(text)).toThrow(CommandFailure);
  },
);
