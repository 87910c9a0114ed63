import { expect, test } from "vitest";
import { framedBytes } from "./framed-bytes.ts";

test.each([
  // path, target, data, framed
  [10, 0, 0, 1_536],
  [10, 0, 1, 2_048],
  [100, 0, 512, 2_048],
  [101, 0, 513, 2_560],
  [458, 0, 0, 1_536],
  [459, 0, 0, 2_048],
  [101, 4_096, 0, 5_632],
])(
  "a path of %i, a target of %i and %i bytes of data take %i bytes",
  (path, target, data, framed) => {
    expect(framedBytes({ pathBytes: path, targetBytes: target, dataBytes: data })).toBe(framed);
  },
);
