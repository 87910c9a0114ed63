// Says what this process holds open below a folder, to show that nothing is left behind.
import { readdirSync, readlinkSync } from "node:fs";

/** The paths below `dir` that descriptors of this process lead to. */
export function openBelow(dir: string): string[] {
  return readdirSync("/proc/self/fd")
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        // The listing's own descriptor is closed by now.
        return "";
      }
    })
    .filter((path) => path.startsWith(dir));
}
