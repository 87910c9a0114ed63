// Sets modification times to the exact nanosecond, which Node's own utimes misses; one python3 does a whole tree.
import { execFileSync } from "node:child_process";

/** `path` is used as given and symlinks are not followed; `mtimeNs` is in nanoseconds since 1970. */
export type TimedPath = { path: Buffer; mtimeNs: bigint };

const script = `
import os, sys
fields = sys.stdin.buffer.read().split(b"\\0")
for path, ns in zip(fields[0::2], fields[1::2]):
    os.utime(path, ns=(int(ns), int(ns)), follow_symlinks=False)
`;

export function setTimes(timed: readonly TimedPath[]): void {
  const input = timed.map(({ path, mtimeNs }) =>
    Buffer.concat([path, Buffer.from(`\0${mtimeNs}\0`)]),
  );
  execFileSync("python3", ["-c", script], { input: Buffer.concat(input) });
}
