// A client typed from a service's descriptor. It bounds every unary call by a deadline and finds a restarted server again within
// about a second; without those, a call to a dead server hangs and a reconnect may take grpc-js two minutes.
import {
  create,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type DescService,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Client,
  credentials,
  InterceptingCall,
  type ChannelOptions,
  type Interceptor,
  type ServiceError,
} from "@grpc/grpc-js";
import { GrpcError } from "./grpc-error.ts";
import { grpcMethodDefinition } from "./grpc-service.ts";

/** Where the server is and how it is spoken to. */
export type GrpcClientOptions = {
  /** `host:port`. The connection is not encrypted. */
  address: string;
  /** Sent with each call as `authorization: Bearer …`; absent where the server asks for none. */
  token?: string;
  /** How long a unary call may take, in milliseconds; default 10,000. */
  deadlineMs?: number;
  /** grpc-js channel options beside or in place of the defaults. */
  channelOptions?: ChannelOptions;
};

/** What one call may change. */
export type GrpcCallOptions = {
  /** How long this call may take, in milliseconds; the default is the client's for a unary call, and no bound for a stream. */
  deadlineMs?: number;
  /** Cancels the call, which then fails with CANCELLED. */
  signal?: AbortSignal;
};

/**
 * One function for each method, by its local name (`createBackup`). A unary method resolves to the response or rejects with a
 * GrpcError. A server-streaming one gives an iterable that may be iterated once: the call begins with the iteration, ends when the
 * iteration is left, and throws a GrpcError where it fails.
 */
export type GrpcClient<S extends DescService> = {
  [K in keyof S["method"]]: S["method"][K] extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: GrpcCallOptions) => Promise<MessageShape<O>>
    : S["method"][K] extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: GrpcCallOptions) => AsyncIterable<MessageShape<O>>
      : never;
} & {
  /** Closes the connection; calls under way end with CANCELLED or UNAVAILABLE. */
  close: () => void;
};

const defaultDeadlineMs = 10_000;

const defaultChannelOptions: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.dns_min_time_between_resolutions_ms": 1_000,
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  // Host managers and control planes reach each other directly; a proxy for the web must not swallow loopback calls.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
};

/** A client of the service; it connects with the first call. */
export function grpcClient<S extends DescService>(
  service: S,
  options: GrpcClientOptions,
): GrpcClient<S> {
  const client = new Client(options.address, credentials.createInsecure(), {
    ...defaultChannelOptions,
    ...options.channelOptions,
    interceptors: options.token === undefined ? [] : [bearer(options.token)],
  });
  const deadlineMs = options.deadlineMs ?? defaultDeadlineMs;
  const calls = Object.fromEntries(
    service.methods.map((method) => [
      method.localName,
      method.methodKind === "server_streaming"
        ? streamingCall(client, method)
        : unaryCall(client, method, deadlineMs),
    ]),
  );
  // The table covers every method of the descriptor, which the type system cannot follow.
  return { ...calls, close: () => client.close() } as unknown as GrpcClient<S>;
}

type Request = MessageInitShape<DescMethod["input"]>;

function unaryCall(client: Client, method: DescMethod, defaultMs: number) {
  const { path, requestSerialize, responseDeserialize } = grpcMethodDefinition(method);
  return async (request: Request, options: GrpcCallOptions = {}): Promise<unknown> => {
    const message = create(method.input, request);
    const deadline = Date.now() + (options.deadlineMs ?? defaultMs);
    return await new Promise((resolve, reject) => {
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        message,
        { deadline },
        (error, response) => {
          options.signal?.removeEventListener("abort", cancel);
          if (error) reject(new GrpcError(method.name, error));
          else resolve(response);
        },
      );
      const cancel = (): void => call.cancel();
      whenAborted(options.signal, cancel);
    });
  };
}

function streamingCall(client: Client, method: DescMethod) {
  const { path, requestSerialize, responseDeserialize } = grpcMethodDefinition(method);
  return async function* (request: Request, options: GrpcCallOptions = {}): AsyncGenerator {
    const message = create(method.input, request);
    const deadline =
      options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs };
    const stream = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      message,
      deadline,
    );
    // An iteration that is left early cancels the call, and nobody listens any more for the error that follows.
    stream.on("error", () => {});
    const cancel = (): void => stream.cancel();
    whenAborted(options.signal, cancel);
    try {
      yield* stream;
    } catch (error) {
      throw isServiceError(error) ? new GrpcError(method.name, error) : error;
    } finally {
      options.signal?.removeEventListener("abort", cancel);
      stream.cancel();
    }
  };
}

function whenAborted(signal: AbortSignal | undefined, cancel: () => void): void {
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel, { once: true });
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}

function bearer(token: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        metadata.set("authorization", `Bearer ${token}`);
        next(metadata, listener);
      },
    });
}
