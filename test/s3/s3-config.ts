// The store's configuration for a test's bucket, as our programs would read it.
import { readFileSync } from "node:fs";
import { readEnvironment } from "@manman/contract/environment/environment-table.ts";
import {
  storeConfigOf,
  storeVariables,
  type StoreConfig,
} from "@manman/contract/environment/store-variables.ts";
import type { FreshBucket } from "../harness/fresh-bucket.ts";

export function s3ConfigOf({ environment }: Pick<FreshBucket, "environment">): StoreConfig {
  const read = readEnvironment(storeVariables, environment, (path) => readFileSync(path, "utf8"));
  if (read.mistakes !== undefined) throw new Error(read.mistakes.join("; "));
  return storeConfigOf(read.values);
}
