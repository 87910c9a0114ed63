import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { packToMemory } from "./pack-tree.ts";
import { scratchDir } from "./scratch-dir.ts";
import { listMembers } from "./tar-listing.ts";

test("a socket and a fifo are skipped with a warning, and the rest is packed", async () => {
  const root = join(scratchDir(), "data");
  mkdirSync(root);
  writeFileSync(join(root, "file"), "data");
  execFileSync("mkfifo", [join(root, "pipe")]);
  const server = createServer().listen(join(root, "socket"));
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { bytes, summary } = await packToMemory({ rootPath: root });
  expect(listMembers(bytes).map(({ name }) => name)).toEqual(["game", "game/file"]);
  expect(summary.warnings).toEqual({
    count: 2,
    first: [
      { path: "game/pipe", kind: "skipped", detail: "is a fifo" },
      { path: "game/socket", kind: "skipped", detail: "is a socket" },
    ],
  });
  expect(summary).toMatchObject({ entries: 2, files: 1, directories: 1 });
});
