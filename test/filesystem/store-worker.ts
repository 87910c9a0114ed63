// Makes one object after another in a folder store and says each step on standard output, until it is killed.
import { randomUUID } from "node:crypto";
import { openFolderStore } from "@manman/adapters/filesystem/folder-store.ts";

const [root, key, partBytes] = process.argv.slice(2) as [string, string, string];
const store = await openFolderStore({ root, nowMs: Date.now, newId: randomUUID });
const { signal } = new AbortController();

for (;;) {
  const uploadId = await store.openUpload(key);
  say({ uploadId });
  const parts = [];
  for (const number of [1, 2, 3]) {
    const bytes = Buffer.alloc(Number(partBytes), number);
    const offsetBytes = (number - 1) * bytes.length;
    const part = { objectKey: key, uploadId, number, offsetBytes, bytes, signal };
    parts.push({ number, etag: await store.sendPart(part), sizeBytes: bytes.length });
  }
  say({ uploadId, parts });
  await store.completeUpload(key, uploadId, parts);
}

function say(step: object): void {
  process.stdout.write(`${JSON.stringify(step)}\n`);
}
