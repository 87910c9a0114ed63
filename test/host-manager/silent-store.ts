// A server that takes connections and whatever is sent, and never says a word: an object store whose answers got lost.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { StoreLocation } from "@manman/host-manager/packer/pack-job.ts";
import { onTestFinished } from "vitest";

/** Where packers find it; gone after the test. */
export async function silentStore(): Promise<StoreLocation> {
  const server = createServer((socket) => socket.on("error", () => undefined).resume());
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    kind: "s3",
    bucket: "silent",
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKey: "a", secretKey: "b" },
    forcePathStyle: true,
  };
}
