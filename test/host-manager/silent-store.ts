// A server that takes connections and whatever is sent, and never says a word: an object store whose answers got lost.
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { StoreLocation } from "@manman/host-manager/packer/pack-job.ts";
import { onTestFinished } from "vitest";

export type SilentStore = {
  /** Where packers find it. */
  readonly location: StoreLocation;
  readonly receivedBytes: () => number;
};

/** One that is gone after the test. */
export async function silentStore(): Promise<SilentStore> {
  let receivedBytes = 0;
  const server = createServer((socket) => {
    socket.on("error", () => undefined).on("data", (data) => (receivedBytes += data.length));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const location = {
    kind: "s3",
    bucket: "silent",
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKey: "a", secretKey: "b" },
    forcePathStyle: true,
  } as const;
  return { location, receivedBytes: () => receivedBytes };
}
