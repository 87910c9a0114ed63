// Streams from the control plane over the simulated network: messages arrive in their order, until the stream ends, is left, or breaks.
import { EventEmitter } from "node:events";
import {
  create,
  type DescMethodServerStreaming,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { status, type ServiceError } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { hostOf } from "./network.ts";
import type { SimProcess } from "./process.ts";
import { reachableFrom, serviceError, type ServedWorld } from "./rpc.ts";

/** Reads a stream; resolves when it has ended, or was left after `leaveMs`, and rejects with a GrpcError where it breaks. */
export async function readStream<Method extends DescMethodServerStreaming>(
  process: SimProcess,
  world: ServedWorld,
  method: Method,
  request: MessageInitShape<Method["input"]>,
  reading: {
    readonly leaveMs: number;
    readonly onMessage: (message: MessageShape<Method["output"]>) => void;
  },
): Promise<"ended" | "left"> {
  const { network, time } = world;
  return await new Promise((resolve, reject) => {
    let isOver = false;
    /** What happens at the reader's end; nothing does any more once the stream is over. */
    const atReader = (happens: () => void): void =>
      process.enter(() => {
        if (!isOver) happens();
      });
    const finish = (settle: () => void): void => {
      isOver = true;
      forget?.();
      hangUp?.();
      settle();
    };
    const fail = (error: ServiceError): void =>
      atReader(() => finish(() => reject(new GrpcError(method.name, error))));
    const to = reachableFrom(process, world, null);
    const call = new ServerCall(create(method.input, request));
    let forget: (() => void) | undefined;
    let hangUp: (() => void) | undefined;
    if (to === null) {
      time.after(network.latencyMs(), () => fail(serviceError(status.UNAVAILABLE, "refused")));
      return;
    }
    const reset = (): void => {
      time.after(network.latencyMs(), () => fail(serviceError(status.UNAVAILABLE, "reset")));
    };
    forget = to.process.onDeath(reset);
    const cancelled = (): void => {
      to.streams.delete(endStream);
      time.after(network.latencyMs(), () => to.process.enter(() => call.emit("cancelled")));
    };
    const endStream = (): void => {
      // The status is on its way, and nothing that the handler still says comes after it.
      call.onWrite = () => true;
      call.onEnd = () => undefined;
      cancelled();
      reset();
    };
    hangUp = cancelled;
    let arrivalMs = 0;
    /** Over one connection everything arrives in its order. */
    const send = (arrives: () => void): void => {
      if (network.isCut(hostOf(process.name), to.process.name)) return endStream();
      arrivalMs = Math.max(arrivalMs, time.nowMs + network.latencyMs());
      time.after(arrivalMs - time.nowMs, () => atReader(arrives));
    };
    call.onWrite = (message) => {
      send(() => reading.onMessage(message as MessageShape<Method["output"]>));
      const hasRoom = process.chance.happens(0.8);
      if (!hasRoom) time.after(20, () => to.process.enter(() => call.emit("drain")));
      return hasRoom;
    };
    call.onEnd = () => send(() => finish(() => resolve("ended")));
    call.on("error", (error: ServiceError) => send(() => fail(error)));
    time.after(reading.leaveMs, () => atReader(() => finish(() => resolve("left"))));
    time.after(network.latencyMs(), () =>
      to.process.enter(() => {
        if (!world.served.includes(to)) return reset();
        const handle = to.handlers[`${method.parent.typeName}/${method.localName}`];
        if (handle === undefined) throw new Error(`nobody serves ${method.name}`);
        to.streams.add(endStream);
        // The handler of a stream takes the call alone, and looks at no more of it than there is here.
        (handle as unknown as (call: ServerCall) => void)(call);
      }),
    );
  });
}

/** What a streaming handler sees of its call. */
class ServerCall extends EventEmitter {
  readonly request: unknown;
  onWrite: (message: unknown) => boolean = () => true;
  onEnd: () => void = () => undefined;

  constructor(request: unknown) {
    super();
    this.request = request;
  }

  write(message: unknown): boolean {
    return this.onWrite(message);
  }

  end(): void {
    this.onEnd();
  }
}
