// Removes a tree whose directories may be read-only, which stops an ordinary user's plain removal.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Does nothing when there is no such tree. */
export function removeTree(root: string): void {
  execFileSync(
    "find",
    [root, "-type", "d", "!", "-perm", "-u+rwx", "-exec", "chmod", "u+rwx", "{}", ";"],
    {
      stdio: "ignore",
    },
  );
  rmSync(root, { recursive: true, force: true });
}
