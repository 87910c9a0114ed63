// The bridge and the client, over a socket: calls, streams, errors, deadlines, cancellation, the token, and a server that restarts.
import { setTimeout as pause } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  status,
  type handleUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { statusError } from "@manman/contract/error-details.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthCheckResponseSchema,
  type HealthCheckRequest,
  type HealthCheckResponse,
} from "@manman/contract/generated/health/v1/health_pb.ts";
import { grpcClient, type GrpcClientOptions } from "@manman/contract/grpc-client.ts";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { grpcServiceDefinition, type Handlers } from "@manman/contract/grpc-service.ts";
import { expect, onTestFinished, test, vi } from "vitest";

type HealthHandlers = Handlers<typeof Health>;
type Check = handleUnaryCall<HealthCheckRequest, HealthCheckResponse>;
type Watch = (call: ServerWritableStream<HealthCheckRequest, HealthCheckResponse>) => void;

const serving = create(HealthCheckResponseSchema, { status: ServingStatus.SERVING });
const notServing = create(HealthCheckResponseSchema, { status: ServingStatus.NOT_SERVING });

test("a request and its response travel through the bridge", async () => {
  const asked: string[] = [];
  const { client } = await connected({
    check: (call, respond) => {
      asked.push(call.request.service);
      respond(null, serving);
    },
  });
  const answer = await client.check({ service: "manman.v1.ManManAPI" });
  expect(answer.status).toBe(ServingStatus.SERVING);
  expect(asked).toEqual(["manman.v1.ManManAPI"]);
});

test("a stream arrives in order and ends", async () => {
  const { client } = await connected({
    watch: (call) => {
      call.write(notServing);
      call.write(serving);
      call.end();
    },
  });
  const seen: ServingStatus[] = [];
  for await (const change of client.watch({})) seen.push(change.status);
  expect(seen).toEqual([ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
});

test("a stream that fails gives what came before, then the error", async () => {
  const { client } = await connected({
    watch: (call) => {
      call.write(serving);
      call.emit("error", statusError({ code: status.UNAVAILABLE, message: "stopping" }));
    },
  });
  const seen: ServingStatus[] = [];
  const watching = async (): Promise<void> => {
    for await (const change of client.watch({})) seen.push(change.status);
  };
  await expect(watching()).rejects.toMatchObject({
    name: "GrpcError",
    code: status.UNAVAILABLE,
    message: "Watch: UNAVAILABLE: stopping",
  });
  expect(seen).toEqual([ServingStatus.SERVING]);
});

test("leaving a stream early cancels it at the server", async () => {
  const cancelled = vi.fn<() => void>();
  const { client } = await connected({
    watch: (call) => {
      call.on("cancelled", cancelled);
      call.write(serving);
    },
  });
  for await (const change of client.watch({})) {
    expect(change.status).toBe(ServingStatus.SERVING);
    break;
  }
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledOnce(), 5_000);
});

test("an error arrives with its field violations, its reason and its retry delay", async () => {
  const { client } = await connected({
    check: (_call, respond) => {
      respond(
        statusError({
          code: status.INVALID_ARGUMENT,
          message: "the request is malformed: ☃",
          fieldViolations: [{ field: "service", description: "must not be empty" }],
          retryDelayMs: 250,
          reason: "malformed_request",
        }),
      );
    },
  });
  const error = await client.check({}).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(GrpcError);
  expect(error).toMatchObject({
    code: status.INVALID_ARGUMENT,
    details: "the request is malformed: ☃",
    fieldViolations: [{ field: "service", description: "must not be empty" }],
    retryDelayMs: 250,
    reason: "malformed_request",
  });
});

test("the most details that a status keeps arrive whole", async () => {
  const { client } = await connected({
    check: (_call, respond) => {
      respond(
        statusError({
          code: status.INVALID_ARGUMENT,
          message: "☃".repeat(5_000),
          fieldViolations: Array.from({ length: 100 }, () => ({
            field: "f".repeat(5_000),
            description: "☃".repeat(5_000),
          })),
        }),
      );
    },
  });
  const error = await client.check({}).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect((error as GrpcError).fieldViolations).toHaveLength(6);
});

test("a call that gets no answer ends at its deadline", async () => {
  const { client } = await connected({ check: () => {} }, { deadlineMs: 50 });
  await expect(client.check({})).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

test("a call's own deadline goes before the client's", async () => {
  const { client } = await connected({ check: () => {} }, { deadlineMs: 60_000 });
  const call = client.check({}, { deadlineMs: 50 });
  await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});

test("an abort cancels a call, before it begins or under way", async () => {
  const arrived = Promise.withResolvers<void>();
  const { client } = await connected({ check: () => arrived.resolve() });
  const early = client.check({}, { signal: AbortSignal.abort() });
  await expect(early).rejects.toMatchObject({ code: status.CANCELLED });
  const controller = new AbortController();
  const late = client.check({}, { signal: controller.signal });
  void arrived.promise.then(() => controller.abort());
  await expect(late).rejects.toMatchObject({ code: status.CANCELLED });
});

test("an abort ends a stream", async () => {
  const controller = new AbortController();
  const { client } = await connected({ watch: (call) => call.write(serving) });
  const watching = async (): Promise<void> => {
    for await (const change of client.watch({}, { signal: controller.signal })) {
      if (change.status === ServingStatus.SERVING) controller.abort();
    }
  };
  await expect(watching()).rejects.toMatchObject({ code: status.CANCELLED });
});

test("the token is sent with calls and streams; without one there is no header", async () => {
  const sent: unknown[][] = [];
  const handlers: Partial<{ check: Check; watch: Watch }> = {
    check: (call, respond) => {
      sent.push(call.metadata.get("authorization"));
      respond(null, serving);
    },
    watch: (call) => {
      sent.push(call.metadata.get("authorization"));
      call.end();
    },
  };
  const { client, port } = await connected(handlers, { token: "s3cret" });
  await client.check({});
  const seen: HealthCheckResponse[] = [];
  for await (const change of client.watch({})) seen.push(change);
  const stranger = clientOf({ address: `127.0.0.1:${port}` });
  await stranger.check({});
  expect(seen).toEqual([]);
  expect(sent).toEqual([["Bearer s3cret"], ["Bearer s3cret"], []]);
});

test("a server that is away is UNAVAILABLE, and found again within about a second of its return", async () => {
  const handlers = { check: ((_call, respond) => respond(null, serving)) satisfies Check };
  const { client, port, stop } = await connected(handlers);
  await client.check({});
  stop();
  // Long enough for an unbounded backoff to grow far beyond the second that is promised.
  const awayUntil = Date.now() + 7_000;
  while (Date.now() < awayUntil) {
    const error = await client.check({}).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
    await pause(50);
  }
  await serve(handlers, port);
  const returnedAt = performance.now();
  await vi.waitFor(async () => await client.check({}), { timeout: 10_000, interval: 20 });
  expect(performance.now() - returnedAt).toBeLessThan(1_700);
});

function unused(): never {
  throw new Error("not called in this test");
}

async function connected(
  handlers: Partial<{ check: Check; watch: Watch }>,
  options: Omit<GrpcClientOptions, "address"> = {},
) {
  const { port, stop } = await serve(handlers, 0);
  return { client: clientOf({ address: `127.0.0.1:${port}`, ...options }), port, stop };
}

function clientOf(options: GrpcClientOptions) {
  const client = grpcClient(Health, options);
  onTestFinished(client.close);
  return client;
}

async function serve(
  handlers: Partial<{ check: Check; watch: Watch }>,
  port: number,
): Promise<{ port: number; stop: () => void }> {
  const server = new Server();
  const all: HealthHandlers = { check: unused, watch: unused, list: unused, ...handlers };
  server.addService(grpcServiceDefinition(Health), all);
  const stop = (): void => server.forceShutdown();
  onTestFinished(stop);
  return await new Promise((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error);
      else resolve({ port: bound, stop });
    });
  });
}
