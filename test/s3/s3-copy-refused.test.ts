// What becomes of copies and reads that a store refuses in ways which the gateway of the tests does not have: an error inside of an
// answer of success, an archived object, a store that copies no ranges or knows none.
import { createServer, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { openS3Store } from "@manman/adapters/s3/s3-store.ts";
import { expect, onTestFinished, test } from "vitest";
import type { ObjectStore } from "../conformance/object-store.ts";

const key = "backups/42/6.tar.gz";
const from = { objectKey: "backups/42/5.tar.gz", etag: '"e"', offsetBytes: 0, lengthBytes: 10 };
const signal = new AbortController().signal;

/** A store that gives this answer to every request. */
async function storeThatAnswers(answer: (response: ServerResponse) => void): Promise<ObjectStore> {
  const server = createServer((request, response) => {
    request.resume();
    answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const store = openS3Store(
    {
      bucket: "bucket",
      region: "r",
      endpoint: `http://127.0.0.1:${port}`,
      forcePathStyle: true,
      credentials: { accessKey: "a", secretKey: "s" },
    },
    () => 0,
  );
  onTestFinished(() => store.close());
  return store;
}

function refusal(status: number, code: string) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { "content-type": "application/xml" });
    response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`);
  };
}

async function copy(store: ObjectStore): Promise<string> {
  const part = { objectKey: key, uploadId: "u", number: 1, offsetBytes: 0, from, signal };
  return await store.copyPart(part);
}

test.each([
  [200, "InternalError", "away"],
  [200, "SlowDown", "away"],
  [200, "NoSuchKey", "missing"],
  [200, "PreconditionFailed", "rejected"],
  [200, "InvalidObjectState", "rejected"],
  [412, "PreconditionFailed", "rejected"],
  [403, "InvalidObjectState", "rejected"],
  [501, "NotImplemented", "rejected"],
  [404, "NoSuchUpload", "missing"],
])("a copy that is answered with %i and the error %s is %s", async (status, code, kind) => {
  const store = await storeThatAnswers(refusal(status, code));
  await expect(copy(store)).rejects.toMatchObject({ name: "Fault", kind });
});

test("a copy whose answer of success is cut off is away", async () => {
  const store = await storeThatAnswers((response) => response.writeHead(200).end());
  await expect(copy(store)).rejects.toMatchObject({ name: "Fault", kind: "away" });
});

test.each([
  ["an archived object is rejected", refusal(403, "InvalidObjectState"), "rejected"],
  [
    "a store that sends the whole object is corrupt",
    (response: ServerResponse) => {
      response.writeHead(200, { "content-length": "1000" });
      response.end(Buffer.alloc(1_000));
    },
    "corrupt",
  ],
  [
    "another range than was asked for is corrupt",
    (response: ServerResponse) => {
      response.writeHead(206, { "content-length": "10", "content-range": "bytes 5-14/1000" });
      response.end(Buffer.alloc(10));
    },
    "corrupt",
  ],
  [
    "more than was asked for is corrupt",
    (response: ServerResponse) => {
      response.writeHead(206, { "content-length": "11", "content-range": "bytes 0-10/1000" });
      response.end(Buffer.alloc(11));
    },
    "corrupt",
  ],
])("a read: %s", async (_, answer, kind) => {
  const store = await storeThatAnswers(answer);
  const reading = store.readRange({ ...from, signal });
  await expect(reading).rejects.toMatchObject({ name: "Fault", kind });
});
