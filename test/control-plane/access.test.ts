// Who is let in: the token, the address, and what answers without one.
import { status } from "@grpc/grpc-js";
import { systemClock } from "@manman/adapters/platform/system-clock.ts";
import { Health } from "@manman/contract/generated/health/v1/health_pb.ts";
import { HostManagerAPI } from "@manman/contract/generated/manman/v1/host_manager_api_pb.ts";
import { ManManAPI } from "@manman/contract/generated/manman/v1/manman_api_pb.ts";
import { grpcClient } from "@manman/contract/grpc-client.ts";
import { serve } from "@manman/control-plane/serve.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { refused } from "./refused-call.ts";
import { controlPlaneScene, type Scene } from "./scene.ts";

let scene: Scene;

beforeAll(async () => {
  scene = await controlPlaneScene({ token: "s3cret-s3cret" });
});

afterAll(async () => {
  await scene.close();
});

test("with the token calls are answered", async () => {
  expect((await scene.api.listServers({})).servers).toEqual([]);
});

test.each([
  ["no token", undefined],
  ["another token", "s3cret-s3cres"],
  ["the beginning of the token", "s3cret"],
  ["an empty token", ""],
])("with %s both services are UNAUTHENTICATED", async (_what, token) => {
  const options = { address: scene.address, ...(token === undefined ? {} : { token }) };
  const api = grpcClient(ManManAPI, options);
  const hostApi = grpcClient(HostManagerAPI, options);
  try {
    for (const call of [api.createServer({ name: "intruder" }), hostApi.heartbeat({})]) {
      expect(await refused(call)).toMatchObject({
        code: status.UNAUTHENTICATED,
        details: "send the control plane's MANMAN_TOKEN as `authorization: Bearer TOKEN`",
      });
    }
  } finally {
    api.close();
    hostApi.close();
  }
  expect((await scene.api.listServers({})).servers).toEqual([]);
});

test("health answers without a token", async () => {
  const health = grpcClient(Health, { address: scene.address });
  expect((await health.check({ service: "" })).status).toBe(1);
  health.close();
});

test("without a token the server does not listen where others could reach it", async () => {
  const none = {} as never;
  await expect(
    serve({
      listenHost: "0.0.0.0",
      port: 0,
      token: null,
      manManApi: none,
      hostManagerApi: none,
      clock: systemClock,
    }),
  ).rejects.toThrow("0.0.0.0 can be reached from outside: set MANMAN_TOKEN");
});
