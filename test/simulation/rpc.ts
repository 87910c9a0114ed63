// Calls of the control plane's RPCs over the simulated network: the real handlers on one side, the real words of a client on the other.
import {
  create,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { status, type handleUnaryCall, type ServiceError, Metadata } from "@grpc/grpc-js";
import { GrpcError } from "@manman/contract/grpc-error.ts";
import { hostOf, type Network } from "./network.ts";
import type { SimProcess } from "./process.ts";
import type { VirtualTime } from "./virtual-time.ts";
import type { Trace } from "./trace.ts";

/** One control plane that callers can reach while its process lives. */
export class Served {
  readonly process: SimProcess;
  /** By `Service/method`. */
  readonly handlers: Readonly<Record<string, handleUnaryCall<unknown, unknown>>>;
  /** Unary calls that are not answered. */
  inHand = 0;
  /** Ends of the streams that are open. */
  readonly streams = new Set<() => void>();

  constructor(process: SimProcess, handlers: Served["handlers"]) {
    this.process = process;
    this.handlers = handlers;
  }

  /** Ends the streams, and waits for the calls in hand, for at most so long. */
  async end(graceMs: number): Promise<void> {
    for (const endStream of this.streams) endStream();
    const { clock } = this.process;
    const untilMs = clock.elapsedMs() + graceMs;
    while (this.inHand > 0 && clock.elapsedMs() < untilMs) await clock.sleep(50);
  }
}

export type ServedWorld = {
  readonly network: Network;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly served: readonly Served[];
};

const deadlineMs = 10_000;

export type CallControlPlane = <Method extends DescMethodUnary>(
  method: Method,
  request: MessageInitShape<Method["input"]>,
) => Promise<MessageShape<Method["output"]>>;

/** The way of one process to whichever control plane there is. It stays with one until that fails. */
export function controlPlaneCalls(process: SimProcess, around: ServedWorld): CallControlPlane {
  const { network, time, trace } = around;
  let chosen: Served | null = null;
  return async (method, request) =>
    await new Promise((resolve, reject) => {
      const fail = (code: status, details: string): void =>
        process.enter(() => {
          if (!endCall()) return;
          chosen = null;
          reject(new GrpcError(method.name, serviceError(code, details)));
        });
      let isOver = false;
      let forget: (() => void) | undefined;
      /** False where the call has ended already. */
      const endCall = (): boolean => {
        if (isOver) return false;
        isOver = true;
        endWait();
        forget?.();
        return true;
      };
      const endWait = time.after(deadlineMs, () => fail(status.DEADLINE_EXCEEDED, "late"));
      chosen = reachableFrom(process, around, chosen);
      const to = chosen;
      if (to === null) {
        time.after(network.latencyMs(), () => fail(status.UNAVAILABLE, "refused"));
        return;
      }
      forget = to.process.onDeath(() => {
        time.after(network.latencyMs(), () => fail(status.UNAVAILABLE, "reset"));
      });
      const isCut = (): boolean => network.isCut(hostOf(process.name), to.process.name);
      const message = create(method.input, request);
      time.after(network.latencyMs(), () => {
        if (isCut()) return;
        to.process.enter(() => {
          if (!around.served.includes(to)) return fail(status.UNAVAILABLE, "it ends");
          const handle = to.handlers[`${method.parent.typeName}/${method.localName}`];
          if (handle === undefined) throw new Error(`nobody serves ${method.name}`);
          // grpc-js would give a call with far more to it; our handlers look at the request alone.
          const call = { request: message } as Parameters<typeof handle>[0];
          to.inHand += 1;
          handle(call, (error, response) => {
            to.inHand -= 1;
            if (isCut()) {
              trace.note("answer lost", `${method.name} to ${process.name}`);
              return;
            }
            time.after(network.latencyMs(), () =>
              process.enter(() => {
                if (!endCall()) return;
                if (error !== null) reject(new GrpcError(method.name, error as ServiceError));
                else resolve(response as MessageShape<(typeof method)["output"]>);
              }),
            );
          });
        });
      });
    });
}

/** The control plane that was chosen before, or another one where that cannot be reached; null where none can. */
export function reachableFrom(
  process: SimProcess,
  { served, network }: ServedWorld,
  before: Served | null,
): Served | null {
  const reachable = served.filter(
    (one) => !one.process.isDead && !network.isCut(hostOf(process.name), one.process.name),
  );
  if (before !== null && reachable.includes(before)) return before;
  return reachable.length === 0 ? null : process.chance.pick(reachable);
}

export function serviceError(code: status, details: string): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
