import { expect, test } from "vitest";
import { pathHash } from "./path-hash.ts";

test.each([
  ["", 2872998923],
  ["game/level.dat", 1832654683],
  ["game/world/region/r.0.0.mca", 1555737632],
  ["game/caf\xe9", 1046069938],
])("the hash of %j is what another implementation says", (path, hash) => {
  expect(pathHash(path)).toBe(hash);
});
